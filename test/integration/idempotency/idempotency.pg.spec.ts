import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { CurrentActor, Permit } from '@app/auth';
import { NoReplay, Public } from '@app/http';
import { IdempotencyStore } from '@app/idempotency';
import { type Actor, administrator, AppError } from '@app/kernel';
import { Body, Controller, Delete, Get, HttpCode, Module, Patch, Post, Res } from '@nestjs/common';
import { openTestApp, TEST_TOKEN, type TestApp, until } from '@test/support';
import { IsInt, IsOptional, IsString } from 'class-validator';
import type { Response } from 'express';
import request from 'supertest';

class Wish {
  @IsInt() readonly n: number;
  @IsOptional() @IsString() readonly secret?: string;
}
class NoSuchThingError extends AppError {
  readonly code = 'test/no-such-thing';
  readonly kind = 'not-found';
}
class BusyError extends AppError {
  readonly code = 'test/busy';
  readonly kind = 'conflict';
}

let done: number[] = [];
let gate: Promise<void> | undefined;

@Permit('operator')
@Controller('wishes')
class WishesController {
  @Post()
  async make(@Body() { n }: Wish, @Res({ passthrough: true }) response: Response): Promise<object> {
    done.push(n);
    await gate;
    response.setHeader('ETag', `"${done.length}"`);
    return { number: done.length, n };
  }
  @Patch()
  change(@Body() { n }: Wish): object {
    done.push(n);
    if (n === 404) throw new NoSuchThingError('There is no such thing');
    if (n === 409) throw new BusyError('Somebody is at it', { details: { retryAfterSeconds: 7 } });
    if (n === 500) throw new Error('a defect');
    return { text: 'x'.repeat(n) };
  }
  @Delete()
  @HttpCode(204)
  remove(): void {
    done.push(0);
  }
  @Post('key')
  @NoReplay()
  makeKey(): object {
    done.push(1);
    return { key: 'CANARY-ANSWER' };
  }
  @Get()
  list(@CurrentActor() { name }: Actor): object {
    done.push(0);
    return { name };
  }
  @Public()
  @Post('public')
  open(): object {
    done.push(0);
    return {};
  }
}
@Module({ controllers: [WishesController] })
class WishesModule {}

let app: TestApp;
beforeAll(async () => {
  app = await openTestApp([WishesModule]);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(() => {
  done = [];
  gate = undefined;
});

function call(method: 'post' | 'patch' | 'delete' | 'get', path: string, key?: string): request.Test {
  const client = request(app.app.getHttpServer() as never);
  const sent = client[method](path).set('Authorization', `Bearer ${TEST_TOKEN}`);
  return key === undefined ? sent : sent.set('Idempotency-Key', key);
}
let keys = 0;
const newKey = (): string => `key-${(keys += 1)}`;
const rows = (): Promise<Record<string, unknown>[]> =>
  app.database.dataSource.query('select * from idempotency_keys order by created_at desc');

describe('a request with an Idempotency-Key', () => {
  it('is done once and answered the same way again: status, body, type and ETag', async () => {
    const key = newKey();
    const first = await call('post', '/wishes', key).send({ n: 7 }).expect(201);
    const again = await call('post', '/wishes', key).send({ n: 7 }).expect(201);
    expect(done).toEqual([7]);
    expect(again.text).toBe(first.text);
    expect(again.headers['etag']).toBe('"1"');
    expect(again.headers['content-type']).toBe(first.headers['content-type']);
    expect([first.headers['idempotency-replayed'], again.headers['idempotency-replayed']]).toEqual([undefined, 'true']);
  });

  it('without a body is done once, too', async () => {
    const key = newKey();
    await call('delete', '/wishes', key).expect(204);
    const { headers, text } = await call('delete', '/wishes', key).expect(204);
    expect([headers['idempotency-replayed'], text, done]).toEqual(['true', '', [0]]);
  });

  it.each([
    ['body', () => call('post', '/wishes', 'shared-1').send({ n: 2 })],
    ['method', () => call('patch', '/wishes', 'shared-1').send({ n: 1 })],
    ['query', () => call('post', '/wishes?a=1', 'shared-1').send({ n: 1 })],
    ['precondition', () => call('post', '/wishes', 'shared-1').set('If-Match', '"9"').send({ n: 1 })],
  ])('is refused when the key was used with another %s', async (_, other) => {
    await call('post', '/wishes', 'shared-1').send({ n: 1 }).expect(201);
    done = [];
    const { body } = await other().expect(409);
    expect(body).toMatchObject({ code: 'http/idempotency-key-reused' });
    expect(done).toEqual([]);
  });

  it('is told to wait while the first one is under way, and is done once however many come at once', async () => {
    const key = newKey();
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const first = call('post', '/wishes', key)
      .send({ n: 3 })
      .then((answer) => answer);
    await until(() => done.length === 1);
    const others = await Promise.all(Array.from({ length: 20 }, () => call('post', '/wishes', key).send({ n: 3 })));
    for (const { status, body, headers } of others) {
      expect([status, body.code, headers['retry-after']]).toEqual([409, 'http/idempotency-in-progress', '2']);
    }
    open();
    expect((await first).status).toBe(201);
    expect((await call('post', '/wishes', key).send({ n: 3 })).headers['idempotency-replayed']).toBe('true');
    expect(done).toEqual([3]);
  });

  it('that a server died of is taken over after five minutes, by the same request only, and the late answer is nobody’s', async () => {
    const key = newKey();
    let open = (): void => undefined;
    gate = new Promise((resolve) => (open = resolve));
    const late = call('post', '/wishes', key)
      .send({ n: 4 })
      .then((answer) => answer);
    await until(() => done.length === 1);
    const age = (interval: string): Promise<unknown> =>
      app.database.dataSource.query(
        `update idempotency_keys set created_at = clock_timestamp() - interval '${interval}' where state = 'in_progress'`,
      );
    await age('4 minutes 50 seconds');
    await call('post', '/wishes', key).send({ n: 4 }).expect(409);
    await age('5 minutes');
    await call('post', '/wishes', key).send({ n: 5 }).expect(409);
    gate = undefined;
    const taken = await call('post', '/wishes', key).send({ n: 4 }).expect(201);
    open();
    await late;
    expect((await call('post', '/wishes', key).send({ n: 4 })).body).toEqual(taken.body);
    expect(done).toEqual([4, 4]);
  });

  it.each([
    ['that failed for good is answered with the same failure', 404, 1, 'true'],
    ['that failed for now is done anew', 409, 2, undefined],
    ['that met a defect is done anew', 500, 2, undefined],
  ])('%s', async (_, n, times, replayed) => {
    const key = newKey();
    await call('patch', '/wishes', key).send({ n }).expect(n);
    const { headers } = await call('patch', '/wishes', key)
      .send({ n })
      .expect(n)
      .expect('Content-Type', /problem\+json/);
    expect([done.length, headers['idempotency-replayed']]).toEqual([times, replayed]);
  });

  it('whose answer is a secret or too long is done once and not answered again; the secret is stored nowhere', async () => {
    const key = newKey();
    await call('post', '/wishes/key', key).expect(201);
    const again = await call('post', '/wishes/key', key).expect(409);
    expect(again.body).toMatchObject({ code: 'http/idempotency-not-replayable', facts: { answered_with: 201 } });
    expect(done).toEqual([1]);
    const longKey = newKey();
    await call('patch', '/wishes', longKey).send({ n: 65_536 }).expect(200);
    await call('patch', '/wishes', longKey).send({ n: 65_536 }).expect(409);
    await call('post', '/wishes', 'CANARY-KEY').send({ n: 1, secret: 'CANARY-BODY' }).expect(201);
    expect(JSON.stringify(await rows())).not.toMatch(/CANARY/);
  });

  it('is kept apart from those of other callers', async () => {
    const store = app.get(IdempotencyStore);
    const shared = { keyHash: Buffer.from('k'), request: 'POST /x', digest: Buffer.from('d') };
    for (const { name } of [administrator('account:a'), administrator('account:b')]) {
      expect(await store.claim({ ...shared, actor: name })).toHaveProperty('attempt');
    }
  });

  it.each(['', ' ', 'ä', 'two words', 'x'.repeat(201)])('must have a sound one: %j is none', async (key) => {
    const { status, body } = await call('post', '/wishes', key).send({ n: 1 });
    expect([status, body.code]).toEqual([400, 'http/bad-idempotency-key']);
    expect(done).toEqual([]);
  });

  it('must be JSON', async () => {
    const { body } = await call('post', '/wishes', newKey()).type('text/csv').send('a,b').expect(400);
    expect(body).toMatchObject({ code: 'http/idempotency-unsupported' });
  });

  it('is nothing special where nothing changes, and where nobody has to say who he is', async () => {
    const key = newKey();
    for (let i = 0; i < 2; i += 1) await call('get', '/wishes', key).expect(200);
    for (let i = 0; i < 2; i += 1) await call('post', '/wishes/public', key).expect(201);
    expect(done).toHaveLength(4);
  });

  it('is forgotten after a day: the key is as good as new, and a clean-up removes the row', async () => {
    const key = newKey();
    await call('post', '/wishes', key).send({ n: 1 }).expect(201);
    const [{ created_at: from, expires_at: until }] = (await rows()) as { created_at: Date; expires_at: Date }[];
    expect(Math.round((until.getTime() - from.getTime()) / 60_000)).toBe(24 * 60);
    await app.database.dataSource.query('update idempotency_keys set expires_at = clock_timestamp()');
    await call('post', '/wishes', key).send({ n: 2 }).expect(201);
    await app.database.dataSource.query('update idempotency_keys set expires_at = clock_timestamp()');
    expect(await app.get(IdempotencyStore).removeExpired()).toBeGreaterThan(0);
    expect(await rows()).toEqual([]);
  });

  it('is not done for a caller who may no longer do it', async () => {
    const key = newKey();
    await call('post', '/wishes', key).send({ n: 1 }).expect(201);
    await call('post', '/wishes', key).set('Authorization', 'Bearer other').send({ n: 1 }).expect(401);
  });
});
