import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { AuditEntry } from '@app/audit';
import { administrator } from '@app/kernel';
import {
  type ChannelKind,
  ChannelsService,
  type ChannelWishes,
  NoticeDeliverer,
  NoticeDelivery,
  type Notice,
  NotificationModule,
  NotificationOutbox,
} from '@app/notification';
import { ManualClock, openTestApp, TEST_TOKEN, type TestApp } from '@test/support';
import fc from 'fast-check';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';
import { Webhook } from 'standardwebhooks';
import request from 'supertest';

const SECRET = `whsec_${Buffer.from('a key that only the receiver has').toString('base64')}`;
const MINA = administrator('mina');
const SECOND_MS = 1_000;
const HOUR_MS = 3_600 * SECOND_MS;
const never = new AbortController().signal;
jest.setTimeout(120_000);

/** A receiver of webhooks that does what a test wants, and checks every signature. */
class Receiver implements AsyncDisposable {
  readonly taken: {
    readonly id: string;
    readonly body: { data: { notices: { subject: string; headline: string; reminder: number }[] } };
  }[] = [];
  asked = 0;
  answer: (response: ServerResponse, asked: number) => void = (response) => void response.writeHead(204).end();

  private constructor(private readonly server: Server) {}

  static async open(): Promise<Receiver> {
    const server = createServer((message, response) => void receiver.receive(message, response));
    const receiver = new Receiver(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/hook`;
  }

  /** Subjects of all that was taken, once for each message id, as a receiver that drops doubles has them. */
  subjects(): string[] {
    const once = new Map(this.taken.map((each) => [each.id, each]));
    return [...once.values()].flatMap(({ body }) => body.data.notices.map(({ subject }) => subject));
  }

  private async receive(message: IncomingMessage, response: ServerResponse): Promise<void> {
    this.asked += 1;
    const parts: Buffer[] = [];
    for await (const part of message) parts.push(part as Buffer);
    const body = Buffer.concat(parts).toString('utf8');
    new Webhook(SECRET).verify(body, message.headers as Record<string, string>);
    this.answer(response, this.asked);
    if (response.statusCode >= 200 && response.statusCode < 300 && response.headersSent)
      this.taken.push({
        id: String(message.headers['webhook-id']),
        body: JSON.parse(body) as Receiver['taken'][0]['body'],
      });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

// Signatures carry the time, and receivers look at it: the clock begins now.
const clock = new ManualClock(new Date());
let app: TestApp;
let receiver: Receiver;

beforeAll(async () => {
  app = await openTestApp([NotificationModule], { clock, env: { NOTIFY_NETWORKS: '127.0.0.0/8' } });
});
afterAll(async () => app[Symbol.asyncDispose]());
beforeEach(async () => {
  receiver = await Receiver.open();
  await app.database.dataSource.query(`truncate notices, notice_deliveries restart identity`);
  await app.database.dataSource.query(`delete from notification_channels where kind <> 'log'`);
});
afterEach(() => receiver[Symbol.asyncDispose]());

let channels = 0;
function channel(kind: ChannelKind, wishes: ChannelWishes): ReturnType<ChannelsService['create']> {
  channels += 1;
  return app.get(ChannelsService).create(kind, `${kind} ${channels}`, wishes, MINA);
}

const hook = (wishes: ChannelWishes = {}): ReturnType<typeof channel> =>
  channel('webhook', { settings: { url: receiver.url }, secret: SECRET, ...wishes });

function incident(number: number, change: Partial<Notice> = {}): Notice {
  return {
    topic: 'incident_opened',
    severity: 'warning',
    subject: `incident:${number}`,
    deviceId: String(number),
    deviceName: `Door ${number}`,
    headline: `1 user of 120 vanished from "Door ${number}"`,
    ...change,
  };
}

async function announce(...notices: readonly Notice[]): Promise<void> {
  await app.database.dataSource.transaction(async (tx) => {
    for (const notice of notices) await app.get(NotificationOutbox).announce(tx, notice);
  });
}

async function settle(subject: string): Promise<void> {
  await app.database.dataSource.transaction((tx) => app.get(NotificationOutbox).settle(tx, subject));
}

const deliver = (from: TestApp = app): Promise<void> => from.get(NoticeDeliverer).deliverDue(never);
const remind = (): Promise<number> =>
  app.database.dataSource.transaction((tx) => app.get(NotificationOutbox).remindDue(tx));

async function states(): Promise<string[]> {
  const rows = await app.database.dataSource.query<{ state: string }[]>(
    `select d.state from notice_deliveries d join notification_channels c on c.id = d.channel_id where c.kind <> 'log' order by d.id`,
  );
  return rows.map(({ state }) => state);
}

describe('a webhook', () => {
  it('Property 24: Disappearance notification: whatever fails, each is handed over, once, and within a minute unless it fails', async () => {
    const failures = fc.array(fc.constantFrom(500, 503, 404, 'hang up' as const), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 3 }), failures, async (count, failing) => {
        await app.database.dataSource.query(`truncate notices, notice_deliveries restart identity`);
        await app.database.dataSource.query(`delete from notification_channels where kind <> 'log'`);
        await hook();
        receiver.taken.length = 0;
        receiver.asked = 0;
        receiver.answer = (response, asked) => {
          const failure = failing[asked - 1];
          if (failure === 'hang up') response.destroy();
          else response.writeHead(failure ?? 204).end();
        };
        const announcedMs = clock.monotonicMs();
        await announce(...Array.from({ length: count }, (_, i) => incident(i + 1)));
        await deliver();
        // Each second somebody looks for what is due.
        while ((await states()).includes('waiting')) {
          clock.advance(SECOND_MS);
          if (clock.monotonicMs() - announcedMs > HOUR_MS) break;
          await deliver();
        }
        expect(receiver.subjects().toSorted()).toEqual(Array.from({ length: count }, (_, i) => `incident:${i + 1}`));
        expect(new Set(await states())).toEqual(new Set(['sent']));
        const tookMs = clock.monotonicMs() - announcedMs;
        if (failing.length <= 2) expect(tookMs).toBeLessThanOrEqual(60 * SECOND_MS);
        await deliver();
        expect(receiver.taken).toHaveLength(new Set(receiver.taken.map(({ id }) => id)).size);
      }),
      { numRuns: 25 },
    );
  });

  it('is not followed to another host, nor called where notifications may not go', async () => {
    await hook();
    receiver.answer = (response) =>
      void response.writeHead(307, { location: 'http://169.254.169.254/latest/meta-data' }).end();
    await announce(incident(1));
    await deliver();
    const [delivery] = await app.database.dataSource.getRepository(NoticeDelivery).find({
      where: { attempts: 1, state: 'waiting' },
    });
    expect(delivery.lastError).toMatch(/redirects to another host, 169\.254\.169\.254/);
    for (const url of [
      'http://169.254.169.254/',
      'http://10.1.2.3/',
      'http://[::1]/',
      'http://0.0.0.0/',
      'http://[fe80::1]/',
    ]) {
      const { id } = await channel('webhook', { settings: { url }, secret: SECRET });
      await expect(app.get(ChannelsService).test(id, MINA, never)).rejects.toMatchObject({
        code: 'notification/not-delivered',
        message: expect.stringContaining('NOTIFY_NETWORKS') as unknown,
      });
    }
  });

  it('that died in the middle gets the same message again, which it can know by its id', async () => {
    await hook();
    const ids: string[] = [];
    receiver.answer = (response, asked) => void (asked === 1 ? response.destroy() : response.writeHead(204).end());
    await announce(incident(1));
    await deliver();
    ids.push(
      (await app.database.dataSource.getRepository(NoticeDelivery).findOneByOrFail({ attempts: 1, state: 'waiting' }))
        .messageId ?? '',
    );
    await announce(incident(2));
    clock.advance(20 * SECOND_MS);
    await deliver();
    expect(receiver.taken.map(({ id }) => id)).toContain(ids[0]);
    expect(receiver.subjects().toSorted()).toEqual(['incident:1', 'incident:2']);
  });

  it('that is slow does not keep another channel waiting', async () => {
    await using quick = await Receiver.open();
    await hook();
    await channel('webhook', { settings: { url: quick.url }, secret: SECRET });
    let release: () => void = () => undefined;
    receiver.answer = (response) => void (release = () => response.writeHead(204).end());
    quick.answer = (response) => {
      response.writeHead(204).end();
      release();
    };
    await announce(incident(1));
    await deliver();
    expect(quick.subjects()).toEqual(['incident:1']);
    expect(new Set(await states())).toEqual(new Set(['sent']));
  });
});

describe('the outbox', () => {
  it('holds nothing of a transaction that did not commit', async () => {
    await hook();
    const failing = app.database.dataSource.transaction(async (tx) => {
      await app.get(NotificationOutbox).announce(tx, incident(1));
      throw new Error('the read could not be stored');
    });
    await expect(failing).rejects.toThrow(/could not be stored/);
    await deliver();
    expect(receiver.asked).toBe(0);
  });

  it('is shared by two servers, and one that died in the middle loses nothing', async () => {
    await using other = await openTestApp([NotificationModule], {
      clock,
      env: { NOTIFY_NETWORKS: '127.0.0.0/8' },
      database: app.database,
    });
    // The other server has no key of this one's secrets: it must fail, and leave the message to the next attempt.
    await hook();
    await announce(...[1, 2, 3, 4].map((number) => incident(number)));
    await Promise.all([deliver(), deliver(other)]);
    for (let second = 0; second < 90 && (await states()).includes('waiting'); second += 1) {
      clock.advance(SECOND_MS);
      await deliver();
    }
    expect(receiver.subjects().toSorted()).toEqual(['incident:1', 'incident:2', 'incident:3', 'incident:4']);
    await announce(incident(5));
    // Killed between the claim and the sending: the claim runs out.
    await app.database.dataSource.query(`update notice_deliveries set claimed_until = $1 where state = 'waiting'`, [
      new Date(clock.now().getTime() + 60 * SECOND_MS),
    ]);
    await deliver();
    expect(receiver.subjects()).toHaveLength(4);
    clock.advance(61 * SECOND_MS);
    await deliver();
    expect(receiver.subjects()).toHaveLength(5);
  });

  it('joins what one device tells, and makes one message of what many tell at once', async () => {
    await hook();
    await announce(incident(1), incident(1, { subject: 'device:1:clock', topic: 'device_clock_wrong' }), incident(2));
    await deliver();
    expect(receiver.taken.map(({ body }) => body.data.notices.length).toSorted()).toEqual([1, 2]);
    await announce(...Array.from({ length: 40 }, (_, i) => incident(100 + i)));
    await deliver();
    expect(receiver.taken).toHaveLength(3);
    expect(receiver.subjects()).toHaveLength(43);
  });

  it('reminds of what is open, with how long it has lasted, and stops when it is settled', async () => {
    await hook();
    await announce(incident(1, { repeats: true, since: clock.now() }));
    await deliver();
    expect(await remind()).toBe(0);
    clock.advance(9 * HOUR_MS);
    expect(await remind()).toBe(1);
    await deliver();
    expect(receiver.taken.at(-1)?.body.data.notices).toMatchObject([{ subject: 'incident:1', reminder: 3 }]);
    clock.advance(20 * HOUR_MS);
    await remind();
    await settle('incident:1');
    await deliver();
    clock.advance(48 * HOUR_MS);
    expect(await remind()).toBe(0);
    expect(receiver.taken).toHaveLength(2);
    expect(await states()).toEqual(['sent', 'sent', 'withdrawn']);
  });

  it('keeps quiet hours, tells what is critical, and gives the rest as one digest', async () => {
    const { quietFrom, quietUntil } = aroundNow(2);
    await hook({ quietFrom, quietUntil });
    await announce(incident(1), incident(2), incident(3, { severity: 'critical' }));
    await deliver();
    expect(receiver.subjects()).toEqual(['incident:3']);
    clock.advance(HOUR_MS / 2);
    await announce(incident(4));
    await deliver();
    expect(receiver.subjects()).toEqual(['incident:3']);
    clock.advance(3 * HOUR_MS);
    await deliver();
    expect(receiver.taken).toHaveLength(2);
    expect(receiver.subjects()).toEqual(['incident:3', 'incident:1', 'incident:2', 'incident:4']);
  });

  it('sends each channel what it wants, and gives up after a day, loudly', async () => {
    await hook({ minSeverity: 'critical' });
    await hook({ topics: ['device_failing'] });
    await announce(incident(1));
    expect(await states()).toEqual([]);
    receiver.answer = (response) => void response.writeHead(500).end();
    await announce(incident(2, { severity: 'critical' }));
    for (let hours = 0; hours < 26; hours += 1) {
      await deliver();
      clock.advance(HOUR_MS);
    }
    expect(await states()).toEqual(['given_up']);
    const audited = await app.database.dataSource
      .getRepository(AuditEntry)
      .findBy({ operation: 'notification_given_up' });
    expect(audited).toHaveLength(1);
  });
});

describe('the other channels', () => {
  it('send a mail through a real SMTP server, with the same Message-ID when it is tried again', async () => {
    const mails: ParsedMail[] = [];
    let refused = 0;
    const server = new SMTPServer({
      authOptional: false,
      allowInsecureAuth: true,
      disabledCommands: ['STARTTLS'],
      onAuth: ({ username, password }, _, done) =>
        username === 'holdfast' && password === 'a secret' ? done(null, { user: username }) : done(new Error('no')),
      onData: (stream, _, done) => {
        void simpleParser(stream).then((mail) => {
          if (refused++ === 0) return done(Object.assign(new Error('busy'), { responseCode: 451 }));
          mails.push(mail);
          return done();
        });
      },
    });
    server.listen(0, '127.0.0.1');
    await once(server.server, 'listening');
    const { port } = server.server.address() as AddressInfo;
    try {
      const settings = {
        host: '127.0.0.1',
        port,
        encryption: 'none',
        user: 'holdfast',
        from: 'holdfast@example.org',
        to: ['it@example.org', 'hr@example.org'],
      } as const;
      await channel('email', { settings, secret: 'a secret' });
      const name = 'Mina "<b>" Haile';
      await announce(incident(1, { people: [{ deviceUserId: '9001' as never, name }] }));
      await deliver();
      expect(mails).toHaveLength(0);
      const { messageId } = await app.database.dataSource
        .getRepository(NoticeDelivery)
        .findOneByOrFail({ attempts: 1, state: 'waiting' });
      clock.advance(60 * SECOND_MS);
      await deliver();
      expect(mails).toHaveLength(1);
      expect(mails[0].messageId).toBe(`<${messageId}@example.org>`);
      expect(mails[0].subject).toBe('[Holdfast warning] 1 user of 120 vanished from "Door 1"');
      expect(mails[0].text).toContain(`Users: 9001 (${name})`);
    } finally {
      await new Promise<void>((closed) => server.close(() => closed()));
    }
  });

  it('speak to Slack, Telegram and ntfy as these want it', async () => {
    const heard: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
    const server = createServer((message, response) => {
      const parts: Buffer[] = [];
      message.on('data', (part: Buffer) => parts.push(part));
      message.on('end', () => {
        heard.push({ url: message.url ?? '', headers: message.headers, body: Buffer.concat(parts).toString('utf8') });
        response.writeHead(200).end('ok');
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    try {
      const token = '123456:ABCDEFGHIJKLMNOPQRSTUVWXYZ';
      await channel('slack', { secret: `${base}/services/T1/B1/x` });
      await channel('telegram', { settings: { url: base, chat_id: '-100' }, secret: token });
      await channel('ntfy', { settings: { url: `${base}/doors` }, secret: 'tk_secret' });
      await announce(incident(1, { severity: 'critical', headline: 'Ü <script> & vanished' }));
      await deliver();
      const byUrl = Object.fromEntries(heard.map((each) => [each.url, each]));
      expect(JSON.parse(byUrl['/services/T1/B1/x'].body)).toMatchObject({
        text: expect.stringContaining('&lt;script&gt; &amp;'),
      });
      expect(JSON.parse(byUrl[`/bot${token}/sendMessage`].body)).toMatchObject({
        chat_id: '-100',
        text: expect.stringContaining('Ü <script> & vanished'),
      });
      expect(byUrl['/doors'].headers).toMatchObject({ priority: '5', authorization: 'Bearer tk_secret' });
      expect(await states()).toEqual(['sent', 'sent', 'sent']);
    } finally {
      server.close();
    }
  });
});

describe('the API', () => {
  const http = (method: 'get' | 'post' | 'patch' | 'delete', path: string): request.Test =>
    request(app.app.getHttpServer())[method](`/api/notifications/${path}`).auth(TEST_TOKEN, { type: 'bearer' });

  it('makes, changes, tests and removes a channel, and never shows its secret', async () => {
    const body = { kind: 'webhook', name: 'it', settings: { url: receiver.url }, secret: SECRET };
    const made = await http('post', 'channels').send(body).expect(201);
    expect(made.body).toMatchObject({ name: 'it', has_secret: true });
    expect(JSON.stringify(made.body)).not.toContain(SECRET);
    const { id } = made.body as { id: string };
    await http('post', 'channels').send(body).expect(409);
    await http('post', 'channels')
      .send({ ...body, name: 'bad', secret: 'short' })
      .expect(400);
    await http('post', 'channels')
      .send({ ...body, name: 'half', quiet_from: '22:00' })
      .expect(400);
    await http('patch', `channels/${id}`)
      .send({ quiet_from: '22:00', quiet_until: '06:00', initials_only: true })
      .expect(200);
    await http('post', `channels/${id}/test`).expect(204);
    expect(receiver.taken).toHaveLength(1);
    const log = ((await http('get', 'channels').expect(200)).body as { id: string; kind: string }[]).find(
      ({ kind }) => kind === 'log',
    );
    await http('patch', `channels/${log?.id}`).send({ enabled: false }).expect(409);
    await http('delete', `channels/${log?.id}`).expect(409);
    await http('delete', `channels/${id}`).expect(204);
    await http('delete', `channels/${id}`).expect(404);
  });

  it('shows what was sent, and sends it again', async () => {
    await hook();
    await announce(incident(1));
    await http('get', 'deliveries?state=waiting').expect(200);
    await deliver();
    const page = (await http('get', 'deliveries?state=sent&device_id=1').expect(200)).body as {
      items: { id: string; channel: string }[];
    };
    const sent = page.items.find((item) => item.channel.startsWith('webhook'));
    await http('post', `deliveries/${sent?.id}/replay`).expect(200);
    await http('post', `deliveries/${sent?.id}/replay`).expect(409);
    await deliver();
    expect(receiver.taken).toHaveLength(2);
    expect(new Set(receiver.taken.map(({ id }) => id)).size).toBe(2);
    await http('post', 'deliveries/99999/replay').expect(404);
  });
});

/** Quiet from an hour ago until `hours` from now, by the clock on the wall of this host. */
function aroundNow(hours: number): { quietFrom: string; quietUntil: string } {
  const wall = (offsetMs: number): string => {
    const at = new Date(clock.now().getTime() + offsetMs);
    return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}`;
  };
  return { quietFrom: wall(-HOUR_MS), quietUntil: wall(hours * HOUR_MS) };
}
