import { type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { ApiKeysService } from '@app/accounts';
import {
  LIVE_EVENTS_OPTIONS,
  type LiveEventsOptions,
  LiveEventsModule,
  LiveEventsSchedule,
  STANDARD_LIVE_EVENTS,
} from '@app/live-events';
import { MetricSources } from '@app/metrics';
import { systemActor } from '@app/kernel';
import { emptyTables, openTestApp, TEST_TOKEN, type TestApp, until, withoutTriggers } from '@test/support';
import fc from 'fast-check';
import pg from 'pg';
import { EventReader, type SeenEvent } from './reader.js';

const QUICK: LiveEventsOptions = {
  ...STANDARD_LIVE_EVENTS,
  keepAliveMs: 40,
  checkEveryMs: 30,
  pollEveryMs: 2_000,
  pendingMs: 2,
  stalledMs: 300,
  streamsPerCaller: 6,
};

let app: TestApp;
let other: TestApp;
let writers: pg.Client[];
const readers: EventReader[] = [];

async function openServer(database?: TestApp['database'], options: Partial<LiveEventsOptions> = {}): Promise<TestApp> {
  const server = await openTestApp([LiveEventsModule], {
    provide: [[LIVE_EVENTS_OPTIONS, { ...QUICK, ...options }]],
    database,
  });
  await server.app.listen(0, '127.0.0.1');
  return server;
}

beforeAll(async () => {
  app = await openServer();
  other = await openServer(app.database);
  writers = await Promise.all([1, 2, 3].map(() => openWriter()));
});
afterAll(async () => {
  await Promise.all(writers.map((writer) => writer.end()));
  await other[Symbol.asyncDispose]();
  await app[Symbol.asyncDispose]();
});
beforeEach(() => emptyTables(app.database.dataSource, 'live_events', 'sync_runs', 'incidents', 'device_watch'));
afterEach(async () => {
  for (const reader of readers.splice(0)) reader.close();
  await until(async () => (await openStreams(app)) + (await openStreams(other)) === 0);
});

async function openWriter(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: app.database.url });
  await client.connect();
  return client;
}

async function metric(server: TestApp, name: string): Promise<number | undefined> {
  const samples = await Promise.all(
    server
      .get(MetricSources)
      .all()
      .map((source) => source.collectMetrics()),
  );
  return samples.flat().find((sample) => sample.name === name)?.values[0].value;
}

const openStreams = async (server: TestApp): Promise<number> =>
  (await metric(server, 'holdfast_live_event_streams')) ?? 0;

async function open(server: TestApp, options?: Parameters<typeof EventReader.open>[1]): Promise<EventReader> {
  const reader = await EventReader.open(server, options);
  readers.push(reader);
  return reader;
}

/** A run that begins; what the feature would do, without the feature. */
async function beginRun(deviceId: number, client: Pick<pg.Client, 'query'> = writers[0]): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    `insert into sync_runs (device_id, service, requested_by, started_at, outcome)
     values ($1, 'machineSyncService', 'test', now(), 'running') returning id`,
    [deviceId],
  );
  return rows[0].id;
}

const runIds = (events: readonly SeenEvent[]): unknown[] => events.map(({ data }) => data.run_id);

describe('order and exactly-once', () => {
  it('holds over reconnects to two servers, whatever the order in which transactions commit', async () => {
    /** Begin a transaction and write in it, end one (badly now and then), or come back, on the other server or the same. */
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ write: fc.nat(2) }) },
      { weight: 3, arbitrary: fc.record({ end: fc.nat(2), well: fc.integer({ min: 0, max: 4 }).map((n) => n > 0) }) },
      { weight: 2, arbitrary: fc.record({ back: fc.boolean() }) },
    );
    await open(app); // one server follows all the time, the other begins anew with each reader
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 4, maxLength: 16 }), async (steps) => {
        const underway = writers.map(() => [] as string[]);
        const begun = writers.map(() => false);
        const committed: string[] = [];
        /** What the server that follows all the time had not told yet of the example before is no news of this one. */
        const mine = new Set<string>();
        const mineOf = (events: readonly SeenEvent[]): unknown[] => runIds(events).filter((id) => mine.has(String(id)));
        const end = async (index: number, well: boolean): Promise<void> => {
          if (!begun[index]) return;
          begun[index] = false;
          await writers[index].query(well ? 'commit' : 'rollback');
          const wrote = underway[index].splice(0);
          if (well) committed.push(...wrote);
        };
        let reader = await EventReader.open(app);
        const seen: SeenEvent[] = [];
        const leave = (): void => {
          reader.close();
          seen.push(...reader.news);
        };
        for (const it of steps) {
          if ('write' in it) {
            if (!begun[it.write]) await writers[it.write].query('begin');
            begun[it.write] = true;
            const id = await beginRun(1, writers[it.write]);
            mine.add(id);
            underway[it.write].push(id);
          } else if ('end' in it) await end(it.end, it.well);
          else {
            const { lastEventId } = reader;
            leave();
            reader = await EventReader.open(it.back ? app : other, { lastEventId });
          }
        }
        for (const index of writers.keys()) await end(index, true);
        await until(() => mineOf([...seen, ...reader.news]).length >= committed.length);
        leave();
        expect(mineOf(seen).toSorted()).toEqual(committed.toSorted());
        // In the one order that there is: every reader of everything sees the same.
        const { rows } = await writers[0].query<{ run_id: string }>(
          `select data->>'run_id' as run_id from live_events where data->>'run_id' = any($1) order by xid, id`,
          [committed],
        );
        expect(mineOf(seen)).toEqual(rows.map(({ run_id }) => run_id));
      }),
      { numRuns: 100 },
    );
  });

  it('keeps back what was committed until the older transaction has ended, and then tells both', async () => {
    const reader = await open(app);
    await writers[1].query('begin');
    const older = await beginRun(1, writers[1]);
    const newer = await beginRun(1);
    await until(() => reader.comments > 1);
    expect(reader.news).toEqual([]);
    await writers[1].query('commit');
    await until(() => reader.news.length === 2);
    expect(runIds(reader.news)).toEqual([older, newer]);
  });

  it('reads on from the database when more was missed than memory holds', async () => {
    const reader = await open(app);
    reader.close();
    await writers[0].query(
      `insert into sync_runs (device_id, service, requested_by, started_at, outcome)
       select 1, 'machineSyncService', 'test', now(), 'running' from generate_series(1, 2500)`,
    );
    const { rows } = await writers[0].query<{ id: string }>('select id from sync_runs order by id');
    const back = await open(other, { lastEventId: reader.lastEventId });
    await until(() => back.news.length >= 2500);
    expect(runIds(back.news)).toEqual(rows.map(({ id }) => id));
  });
});

describe('what is told', () => {
  it('of runs, incidents and devices: their transitions, and nothing of what was rolled back', async () => {
    const reader = await open(app);
    const run = async (sql: string): Promise<unknown> => writers[0].query(sql);
    const id = await beginRun(7);
    await run(
      `update sync_runs set outcome = 'failed', error_code = 'device/timeout', finished_at = now() where id = ${id}`,
    );
    await run(`insert into device_watch (device_id, failures) values (7, 1)`);
    await run(`update device_watch set failures = 3, failing_since = now(), last_failure_code = 'device/timeout'`);
    await run(`update device_watch set failures = 4`);
    await run(`update device_watch set failures = 5, paused_until = now() + interval '10 min'`);
    await run(`update device_watch set failures = 0, failing_since = null, paused_until = null`);
    await run(
      `insert into incidents (device_id, kind, level, known_users, missing_users, most_missing, last_complete_at, opened_at, changed_at)
       values (7, 'disappearance', 'notice', 30, 1, 1, now(), now(), now())`,
    );
    await run(`update incidents set changed_at = now()`);
    await run(`update incidents set missing_users = 2, most_missing = 2`);
    await run('begin');
    await run(`update incidents set level = 'trip'`);
    await run('rollback');
    await run(`update incidents set state = 'recovered', missing_users = 0, closed_at = now()`);
    await until(() => reader.news.length >= 8);
    expect(reader.news.map(({ type, data }) => `${type} ${String(data.event)}`)).toEqual([
      'run started',
      'run finished',
      'device failing',
      'device paused',
      'device recovered',
      'incident opened',
      'incident changed',
      'incident closed',
    ]);
    expect(reader.news[1].data).toEqual({
      event: 'finished',
      device_id: '7',
      happened_at: expect.stringMatching(/^\d{4}-.*Z$/),
      run_id: id,
      service: 'machineSyncService',
      outcome: 'failed',
      error_code: 'device/timeout',
      users_read: null,
      newly_buffered: null,
      punches_imported: null,
    });
    expect(reader.news[6].data).toMatchObject({ level: 'notice', missing_users: 2, known_users: 30, state: 'open' });
  });

  it('of counts and of what administrators have done to a terminal, without who and whose name', async () => {
    const reader = await open(app);
    // Both are written under a lease, which is not what this is about; the trigger that tells is switched on alone.
    const enable = (mode: string): Promise<unknown> =>
      app.database.dataSource.query(
        `alter table device_writes enable ${mode} trigger device_writes_tell;
         alter table device_user_count_history enable ${mode} trigger device_user_count_history_tell`,
      );
    await enable('always');
    await withoutTriggers(app.database.dataSource, async (tx) => {
      await tx.query(
        `insert into device_writes (device_id, device_user_id, device_user_name, kind, purpose, reason, requested_by, requested_role,
                                    before_sealed, before_digest, lease_token)
         values (7, '9001', 'Amina Secret', 'delete', 'deletion', 'left us', 'head', 'administrator', 'sealed', 'digest', 1)`,
      );
      await tx.query(`update device_writes set state = 'done', settled_at = now(), settled_how = 'read back'`);
      await tx.query(
        `insert into device_user_count_history (device_id, user_count, user_ids, "timestamp") values (7, 2, '{1,2}', now())`,
      );
    });
    await enable('');
    await until(() => reader.news.length >= 3);
    expect(reader.news.map(({ type, data }) => [type, data.event, data.state ?? data.user_count])).toEqual([
      ['operation', 'intended', 'open'],
      ['operation', 'settled', 'done'],
      ['count', 'changed', 2],
    ]);
    expect(reader.news[0].data).toMatchObject({ kind: 'delete', device_user_id: '9001' });
    expect(JSON.stringify(reader.news)).not.toMatch(/Amina|left us|head|sealed|digest/);
  });

  it('is what was asked for, by type and device, and the position moves over the rest', async () => {
    const reader = await open(app, { query: '?types=run,count&device_id=2' });
    const { lastEventId } = reader;
    await writers[0].query('insert into device_watch (device_id, failing_since) values (2, now())');
    await beginRun(1);
    await until(() => reader.lastEventId !== lastEventId);
    expect(reader.news).toEqual([]);
    const id = await beginRun(2);
    await until(() => reader.news.length > 0);
    expect(runIds(reader.news)).toEqual([id]);
    expect((await open(app, { query: '?types=everything' })).status).toBe(400);
  });
});

describe('a reader who comes back too late', () => {
  it('is told to read anew, and then what comes from now on', async () => {
    const reader = await open(app);
    await beginRun(1);
    await until(() => reader.news.length === 1);
    const { lastEventId } = reader;
    await beginRun(1);
    await until(() => reader.news.length === 2);
    await writers[0].query(`update live_events set happened_at = happened_at - interval '4 days'`);
    await app.get(LiveEventsSchedule).removeExpired();
    const back = await open(other, { lastEventId });
    await until(() => back.events.length > 0);
    expect(back.events.map(({ type }) => type)).toEqual(['reset']);
    const id = await beginRun(1);
    await until(() => back.news.length > 0);
    expect(runIds(back.news)).toEqual([id]);
  });

  it('is told so too when it was somewhere else, or in a database that was put back since', async () => {
    for (const lastEventId of ['garbage', '00000000-5-5']) {
      const reader = await open(app, { lastEventId });
      await until(() => reader.events.length > 0);
      expect(reader.events[0].type).toBe('reset');
      expect(reader.lastEventId).not.toBe(lastEventId);
    }
    const before = await open(app);
    await withoutTriggers(app.database.dataSource, (tx) =>
      tx.query(
        `insert into live_events (xid, type, event, device_id, data, happened_at) values (1e15, 'run', 'started', 1, '{}', now())`,
      ),
    );
    const restarted = await openServer(app.database);
    try {
      const back = await open(restarted, { lastEventId: before.lastEventId });
      await until(() => back.events.length > 0);
      expect(back.events[0].type).toBe('reset');
      await writers[0].query('notify holdfast_live_events');
      await until(() => before.events.some(({ type }) => type === 'reset'));
      await beginRun(1);
      await until(() => back.news.length === 1 && before.news.length === 1);
      back.close();
    } finally {
      await restarted[Symbol.asyncDispose]();
    }
  });
});

describe('a stream', () => {
  it('ends when its key is revoked', async () => {
    const keys = app.get(ApiKeysService);
    const { key, secret } = await keys.create({ name: 'watcher', role: 'viewer' }, systemActor);
    const reader = await open(app, { token: secret });
    expect(reader.status).toBe(200);
    await keys.revoke(key.id, systemActor);
    await until(() => reader.ended);
    expect((await open(app, { token: secret, lastEventId: reader.lastEventId })).status).toBe(401);
  });

  it('is no use of a session, and ends when that has been idle for too long', async () => {
    const { dataSource } = app.database;
    const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
      const { port } = app.app.getHttpServer().address() as AddressInfo;
      const headers = { authorization: `Bearer ${TEST_TOKEN}`, 'content-type': 'application/json' };
      const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return (await answer.json()) as Record<string, unknown>;
    };
    const credentials = { name: 'mina', password: 'seven-lamps-and-a-kettle' };
    await post('/api/accounts', { ...credentials, role: 'viewer' });
    const { token } = await post('/api/session', credentials);
    const reader = await open(app, { token: String(token) });
    expect(reader.status).toBe(200);
    const lastUsed = async (): Promise<string> => {
      const [row] = await dataSource.query<{ at: string }[]>('select last_used_at::text as at from account_sessions');
      return row.at;
    };
    await dataSource.query(`update account_sessions set last_used_at = last_used_at - interval '7 hours'`);
    const [before, comments] = [await lastUsed(), reader.comments];
    await until(() => reader.comments > comments + 3);
    expect([await lastUsed(), reader.ended]).toEqual([before, false]);
    await dataSource.query(`update account_sessions set last_used_at = last_used_at - interval '2 hours'`);
    await until(() => reader.ended);
  });

  it('is refused beyond so many of one caller, until one is closed', async () => {
    for (let count = 0; count < QUICK.streamsPerCaller; count += 1) expect((await open(app)).status).toBe(200);
    const refused = await open(app);
    expect(refused.status).toBe(429);
    readers[0].close();
    await until(async () => (await open(app)).status === 200);
  });

  it('is dropped when its reader takes nothing, and costs the others nothing', async () => {
    // Both readers and the server share this process: the quick one must not be taken for slow because the machine is.
    await using patient = await openServer(app.database, { stalledMs: 5_000 });
    const slow = await open(patient);
    const quick = await open(patient);
    slow.response?.pause();
    await writers[0].query(
      `insert into live_events (xid, type, event, device_id, data, happened_at)
       select pg_current_xact_id()::text::bigint, 'run', 'started', 1, jsonb_build_object('filler', repeat('x', 20000)), now()
         from generate_series(1, 1500)`,
    );
    await writers[0].query(`notify holdfast_live_events`);
    await until(() => quick.news.length === 1500);
    await until(async () => (await metric(patient, 'holdfast_live_event_readers_dropped_total')) === 1);
    await until(async () => (await openStreams(patient)) === 1);
  });

  it('hears of events without being told, when the connection that listens is lost', async () => {
    const reader = await open(app);
    await until(async () => (await listening()).length > 0);
    const [{ pid }] = await listening();
    await writers[0].query('select pg_terminate_backend($1)', [pid]);
    const id = await beginRun(1);
    await until(() => reader.news.length === 1);
    expect(runIds(reader.news)).toEqual([id]);
    await until(async () => (await listening()).some((it) => it.pid !== pid));
  });

  it('ends with the server, and then none begins', async () => {
    const server = await openServer(app.database);
    const reader = await open(server);
    await server.app.close();
    await until(() => reader.ended);
    expect(reader.response?.complete).toBe(true);
  });
});

async function listening(): Promise<{ pid: number }[]> {
  const { rows } = await writers[0].query<{ pid: number }>(
    `select pid from pg_stat_activity where datname = current_database() and application_name like '%-events'`,
  );
  return rows;
}
