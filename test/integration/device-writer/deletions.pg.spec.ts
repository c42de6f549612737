import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { Authenticator, type Caller, type Credential } from '@app/auth';
import { DeletedDeviceUser, DeviceUserDeletions, DeviceWrite } from '@app/device-writer';
import { type Device } from '@app/devices';
import { type Actor, administrator, canonicalDeviceUserId } from '@app/kernel';
import { UserMapping } from '@app/people';
import {
  aDevice,
  aMapping,
  aScriptedUser,
  ManualClock,
  openWriterApp,
  ScriptedWriterTerminal,
  type TestApp,
  withoutTriggers,
} from '@test/support';
import fc from 'fast-check';
import request from 'supertest';
import { type DataSource } from 'typeorm';

const clock = new ManualClock();
const terminal = new ScriptedWriterTerminal();
/** Who each token belongs to; any other is garbage, or has expired. */
const callers = new Map<string, Actor>();
let app: TestApp;
let dataSource: DataSource;
let device: Device;
let administrators = 0;
let token: string;

beforeAll(async () => {
  const authenticator = { authenticate: async ({ secret }: Credential) => callerOf(secret) };
  app = await openWriterApp(terminal, { clock, provide: [[Authenticator, authenticator]] });
  ({ dataSource } = app.database);
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  device = await aDevice(dataSource);
  terminal.users.clear();
  terminal.enrol(...Array.from({ length: 60 }, (_, i) => aScriptedUser(String(i + 1))));
  terminal.log.length = 0;
  terminal.onWrite = async (_kind, apply) => apply();
  terminal.reachable = true;
  token = anAdministrator();
});

function callerOf(secret: string): Caller | undefined {
  const actor = callers.get(secret);
  if (!actor || actor.kind === 'system') return undefined;
  return { actor: { ...actor, kind: actor.kind }, by: 'key', name: secret, expiresAt: null };
}

/** A new one, whose budget is whole. */
function anAdministrator(): string {
  administrators += 1;
  callers.set(`administrator-${administrators}`, administrator(`account:administrator-${administrators}`));
  return `administrator-${administrators}`;
}

function http(method: 'get' | 'post' | 'delete', path: string, as: string | undefined = token): request.Test {
  const asking = request(app.app.getHttpServer())[method](`/api/device-users/${path}`);
  return as === undefined ? asking : asking.set('Authorization', `Bearer ${as}`);
}

function deletion(id: string, reason = 'left the school', as = token): request.Test {
  return http('delete', `${device.id}/${id}`, as).send({ reason });
}

async function entriesOf(operation: AuditEntry['operation']): Promise<AuditEntry[]> {
  return dataSource.getRepository(AuditEntry).find({ where: { operation, deviceId: device.id }, order: { id: 'ASC' } });
}

/** Deletions of before move into the past, by the database's clock. */
async function letPass(interval: string): Promise<void> {
  await withoutTriggers(dataSource, (tx) =>
    tx.query(`update device_writes set opened_at = opened_at - $1::interval where device_id = $2`, [
      interval,
      device.id,
    ]),
  );
}

describe('a deletion', () => {
  it('takes exactly that user off the terminal, says how to undo it, and is audited', async () => {
    await aMapping(dataSource, device.id, '12');
    const { body } = await deletion('0012').expect(200);
    expect(body).toMatchObject({
      device_id: device.id,
      device_user_id: '12',
      name: 'User 12',
      state: 'deleted',
      deleted_by: `account:${token}`,
      reason: 'left the school',
      undo: `POST /api/device-users/deletions/${body.id}/undo`,
      restored_at: null,
    });
    expect(JSON.stringify(body)).not.toMatch(/4711|finger|v1\./);
    expect(terminal.users.has('12')).toBe(false);
    expect(terminal.users.size).toBe(59);
    expect(terminal.log).toEqual(['open', 'read everything', 'delete', 'read everything']);
    const [entry] = await entriesOf('user_deleted');
    expect(entry).toMatchObject({ deviceUserId: '12', deviceUserName: 'User 12', performedBy: `account:${token}` });
    expect(entry.details).toMatchObject({ reason: 'left the school', deletion_id: body.id });
    // What the database knows of the person is another matter.
    expect(await dataSource.getRepository(UserMapping).countBy({ deviceId: device.id, deviceUserId: '12' })).toBe(1);
  });

  it('keeps the user sealed before the command leaves', async () => {
    const kept: DeletedDeviceUser[] = [];
    terminal.onWrite = async (_kind, apply) => {
      kept.push(...(await dataSource.getRepository(DeletedDeviceUser).findBy({ deviceId: device.id })));
      apply();
    };
    await deletion('12').expect(200);
    expect(kept).toMatchObject(
      [{ deviceUserId: '12', slot: 12, deletedAt: null, snapshotSealed: /^v1\./ }].map((row) => ({
        ...row,
        snapshotSealed: expect.stringMatching(row.snapshotSealed),
      })),
    );
    expect(Buffer.from(kept[0].snapshotSealed.slice(3), 'base64url').toString('latin1')).not.toMatch(/4711|finger/);
  });

  it('takes its reason from the query too, and none that says nothing', async () => {
    await http('delete', `${device.id}/12?reason=left%20the%20school`).expect(200);
    for (const reason of ['', '  a ', 'x'.repeat(501)]) await deletion('13', reason).expect(400);
    const { body } = await http('delete', `${device.id}/13`).expect(400);
    expect(body.code).toBe('device-writer/reason-required');
    await deletion('13', 'a reason').expect(429); // one a day of so few users
    expect(terminal.users.size).toBe(59);
  });

  it.each(['%00', '%20', 'é', 'x'.repeat(65)])('of the ID "%s" is no request', async (id) => {
    await deletion(id).expect(400);
    expect(terminal.log).toEqual([]);
  });

  it('of a user, or on a device, that is not there is a 404, and the first is audited as refused', async () => {
    expect((await deletion('999').expect(404)).body.code).toBe('device-writer/user-absent');
    const [entry] = await entriesOf('user_deletion_refused');
    expect(entry).toMatchObject({ deviceUserId: '999', performedBy: `account:${token}` });
    expect(entry.details).toMatchObject({ reason: 'left the school', code: 'device-writer/user-absent' });
    await http('delete', '999999/12').send({ reason: 'a reason' }).expect(404);
  });

  it('that the terminal does not do is a 503, is audited, costs no budget, and is in no list', async () => {
    terminal.onWrite = async () => undefined;
    expect((await deletion('12').expect(503)).body.code).toBe('device-writer/not-done');
    expect(await entriesOf('device_write_not_done')).toHaveLength(1);
    expect(await entriesOf('user_deleted')).toEqual([]);
    const { body } = await http('get', `deletions?device_id=${device.id}`).expect(200);
    expect(body.items).toEqual([]);
    terminal.onWrite = async (_kind, apply) => apply();
    await deletion('12').expect(200);
  });

  it('on a terminal that cannot be reached is a 503 and audited as refused', async () => {
    terminal.reachable = false;
    expect((await deletion('12').expect(503)).body.code).toBe('device/unreachable');
    expect(await entriesOf('user_deletion_refused')).toHaveLength(1);
    expect(await dataSource.getRepository(DeviceWrite).countBy({ deviceId: device.id })).toBe(0);
  });
});

describe('the budget', () => {
  it('of a device is 2 % of its users a day, at least one, and says when the next is possible', async () => {
    await deletion('1').expect(200);
    const { body } = await deletion('2').expect(429);
    expect(body).toMatchObject({ code: 'device-writer/deletion-budget', facts: { whose: 'device' } });
    const waitMs = new Date(body.facts.possible_at as string).getTime() - Date.now();
    expect(waitMs).toBeGreaterThan(23 * 3_600_000);
    expect(body.facts.retry_after_seconds).toBeGreaterThan(23 * 3_600);
    expect((await entriesOf('user_deletion_refused')).map(({ details }) => details.code)).toEqual([
      'device-writer/deletion-budget',
    ]);
    expect(terminal.writesReceived).toEqual(['delete']);
    await letPass('24 hours');
    await deletion('2').expect(200);
    terminal.enrol(...Array.from({ length: 100 }, (_, i) => aScriptedUser(String(i + 1_000))));
    await letPass('24 hours');
    for (const id of ['3', '4', '5']) await deletion(id).expect(200); // 158 users, and 2 % of them are 3
    await deletion('6').expect(429);
  });

  it('of an administrator is ten an hour over all devices, for each administrator', async () => {
    for (let i = 1; i <= 10; i += 1) {
      device = await aDevice(dataSource);
      await deletion(String(i)).expect(200);
    }
    device = await aDevice(dataSource);
    const { body } = await deletion('11').expect(429);
    expect(body.facts).toMatchObject({ whose: 'administrator' });
    await deletion('11', 'a reason', anAdministrator()).expect(200);
  });

  it('is not outrun by requests at the same moment', async () => {
    const devices = await Promise.all(Array.from({ length: 14 }, () => aDevice(dataSource)));
    const answers = await Promise.all(
      devices.map(({ id }, i) => http('delete', `${id}/${i + 1}`).send({ reason: 'all at once' })),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(10).fill(200), ...Array(4).fill(429)]);
    expect(terminal.users.size).toBe(50);
  });
});

describe('an undo', () => {
  it('brings the user back with everything, once, and is audited', async () => {
    const before = terminal.snapshot();
    const { body: deleted } = await deletion('12').expect(200);
    const other = anAdministrator();
    const { body } = await http('post', `deletions/${deleted.id}/undo`, other).expect(200);
    expect(body).toMatchObject({
      state: 'undone',
      restored_by: `account:${other}`,
      slot: 12,
      slot_changed: false,
      undo: null,
    });
    expect(terminal.snapshot()).toBe(before);
    const [entry] = await entriesOf('user_deletion_undone');
    expect(entry).toMatchObject({ deviceUserId: '12', deviceUserName: 'User 12', performedBy: `account:${other}` });
    const again = await http('post', `deletions/${deleted.id}/undo`, other).expect(409);
    expect(again.body.code).toBe('device-writer/already-undone');
    expect((await entriesOf('user_deletion_undo_refused'))[0].details).toMatchObject({
      code: 'device-writer/already-undone',
    });
    expect(terminal.snapshot()).toBe(before);
  });

  it('gives another slot when its own is taken, and says so', async () => {
    const { body: deleted } = await deletion('12').expect(200);
    terminal.enrol(aScriptedUser('77', { slot: 12 }));
    const { body } = await http('post', `deletions/${deleted.id}/undo`).expect(200);
    expect(body).toMatchObject({ slot: 61, slot_changed: true });
    expect(terminal.users.get('12')).toEqual(aScriptedUser('12', { slot: 61 }));
  });

  it('overwrites nobody', async () => {
    const { body: deleted } = await deletion('12').expect(200);
    terminal.enrol(aScriptedUser('12', { name: 'Somebody else' }));
    const { body } = await http('post', `deletions/${deleted.id}/undo`).expect(409);
    expect(body.code).toBe('device-writer/user-present');
    expect(terminal.users.get('12')?.name).toBe('Somebody else');
  });

  it('of nothing is a 404', async () => {
    expect((await http('post', 'deletions/999999/undo').expect(404)).body.code).toBe(
      'device-writer/deletion-not-found',
    );
    await http('post', 'deletions/x/undo').expect(400);
  });

  it('by anybody but an administrator is refused and audited', async () => {
    const { body: deleted } = await deletion('12').expect(200);
    callers.set('an-operator', { kind: 'operator', name: 'account:olga' });
    await http('post', `deletions/${deleted.id}/undo`, 'an-operator').expect(403);
    expect(terminal.users.has('12')).toBe(false);
  });
});

describe('the list of deletions', () => {
  it('has pages, newest first, and no secrets', async () => {
    const ids: string[] = [];
    for (const id of ['1', '2', '3']) {
      ids.unshift((await deletion(id).expect(200)).body.id);
      await letPass('25 hours');
    }
    const first = (await http('get', `deletions?device_id=${device.id}&limit=2`).expect(200)).body;
    const second = (await http('get', `deletions?device_id=${device.id}&limit=2&cursor=${first.next_cursor}`)).body;
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids);
    expect(second.next_cursor).toBeNull();
    expect(JSON.stringify(first)).not.toMatch(/v1\.|4711/);
  });

  it('tells monitoring who is missing because of an administrator', async () => {
    const deletions = app.get(DeviceUserDeletions);
    await deletion('7').expect(200);
    const { token } = await app.get(SyncCoordinator).checkLockStatus(deviceLockKey(device.id));
    const before = String(BigInt(token) - 1n);
    expect(await deletions.findDeletedAfter(device.id, before)).toEqual(new Set([canonicalDeviceUserId('7')]));
    expect(await deletions.findDeletedAfter(device.id, token)).toEqual(new Set());
  });
});

describe('who may delete', () => {
  const caller = fc.constantFrom('none', 'invalid', 'expired', 'viewer', 'operator', 'administrator');
  const reason = fc.constantFrom(undefined, '', '  ', 'no', 'left the school', ` ${'x'.repeat(500)} `);
  const present = fc.uniqueArray(fc.integer({ min: 1, max: 99 }), { minLength: 1, maxLength: 8 });
  const target = fc.oneof(fc.nat(7), fc.constant(-1));

  it('lets one user go for an administrator with a reason, in the body or the query, however the ID is written', async () => {
    const outcomes = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(caller, reason, present, target, fc.boolean(), async (who, why, ids, nth, inQuery) => {
        device = await aDevice(dataSource);
        terminal.users.clear();
        terminal.log.length = 0;
        terminal.enrol(...ids.map((id) => aScriptedUser(String(id))));
        const id = nth < 0 ? '100' : String(ids[nth % ids.length]);
        const others = new ScriptedWriterTerminal([...terminal.users.values()].filter((user) => user.id !== id));
        const before = terminal.snapshot();
        const as = who === 'administrator' ? anAdministrator() : `${who}-${device.id}`;
        if (who === 'viewer' || who === 'operator') callers.set(as, { kind: who, name: `account:${as}` });

        const path = `${device.id}/${'0'.repeat(ids[0] % 3)}${id}`;
        const query = inQuery && why !== undefined ? `?reason=${encodeURIComponent(why)}` : '';
        const asking = http('delete', path + query, who === 'none' ? '' : as);
        if (who === 'none') asking.unset('Authorization');
        const { status, body } = await (inQuery || why === undefined ? asking : asking.send({ reason: why }));
        outcomes.set(status, (outcomes.get(status) ?? 0) + 1);

        const hasReason = why !== undefined && why.trim().length >= 3;
        const deleted = await entriesOf('user_deleted');
        if (who === 'administrator' && hasReason && nth >= 0) {
          expect(status).toBe(200);
          expect(terminal.snapshot()).toBe(others.snapshot());
          expect(terminal.writesReceived).toEqual(['delete']);
          expect(deleted).toMatchObject([
            { deviceUserId: id, performedBy: `account:${as}`, details: { reason: why.trim() } },
          ]);
          return;
        }
        const known = ['viewer', 'operator', 'administrator'].includes(who);
        if (!known) expect(status).toBe(401);
        else if (who === 'administrator') expect(status).toBe(hasReason ? 404 : 400);
        else expect(status).toBe(403);
        expect(body.code).toEqual(expect.any(String));
        expect(terminal.snapshot()).toBe(before);
        expect(terminal.writesReceived).toEqual([]);
        expect(deleted).toEqual([]);
      }),
      { numRuns: 200 },
    );
    for (const status of [200, 400, 401, 403, 404]) expect(outcomes.get(status) ?? 0).toBeGreaterThan(0);
  });
});
