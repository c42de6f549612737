import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inventPunches, inventUsers, type ZkFaults, ZkTerminal } from '@app/device-emulator';
import { Command, isReadOrSessionCommand } from '@app/zk-protocol';
import { createEmptyDatabase, until } from '@test/support';
import { DataSource } from 'typeorm';
import { CLI, newFolder, removeFolders, Running, SERVER } from './running.js';

const TERMINALS = 6;
const users = inventUsers({ count: 40 });
/** How a program ends that was asked to. */
const inOrder = { code: 0, stderr: '' };
const punches = inventPunches(users, { days: 3, until: new Date('2026-01-31T00:00:00Z') });

/** Three servers as `npm start` runs them, on one PostgreSQL and with nothing else in common. */
describe('three servers on one database', () => {
  let database: Awaited<ReturnType<typeof createEmptyDatabase>>;
  let dataSource: DataSource;
  const terminals: ZkTerminal[] = [];
  const servers: Running[] = [];
  let killedPid: number;

  const environment = async (): Promise<Record<string, string>> => ({
    DATABASE_URL: database.url,
    DATA_DIR: await newFolder(),
    PORT: '0',
    TIME_ZONE: 'UTC',
  });
  const logged = (msg: string): Record<string, unknown>[] =>
    servers.flatMap((server) => server.log()).filter((line) => line.msg === msg);

  /** With its faults from the start: a server may read it as soon as it is added. */
  async function addTerminal(name: string, faults: ZkFaults = {}): Promise<ZkTerminal> {
    const serialNumber = `SN-${name}`;
    const terminal = await ZkTerminal.start({ users, punches, transports: ['tcp'], serialNumber, faults });
    terminals.push(terminal);
    const add = ['device', 'add', '--name', name, '--address', `${terminal.host}:${terminal.port}`];
    expect((await new Running(CLI, add, await environment()).ended).code).toBe(0);
    return terminal;
  }

  beforeAll(async () => {
    database = await createEmptyDatabase();
    expect((await new Running(CLI, ['db', 'migrate'], await environment()).ended).code).toBe(0);
    dataSource = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  });
  afterAll(async () => {
    for (const server of servers) server.signal('SIGKILL');
    await Promise.all(servers.map(({ ended }) => ended));
    for (const terminal of terminals) await terminal.stop();
    await dataSource.destroy();
    await database[Symbol.asyncDispose]();
    await removeFolders();
  });

  it('share out the devices that are due: each is read, and none twice in its quarter of an hour', async () => {
    for (let i = 0; i < TERMINALS; i += 1) await addTerminal(`door-${i}`);
    for (let i = 0; i < 3; i += 1) servers.push(new Running(SERVER, [], await environment()));
    const banners = await Promise.all(servers.map((server) => server.banner()));
    // Each start replaces the set-up token of the one before.
    const tokens = banners.map((banner) => /setup_[\w-]+/.exec(banner)?.[0] ?? '');
    const [{ token_hash: valid }, ...others] = await dataSource.query<{ token_hash: string }[]>(
      'select token_hash from setup_tokens',
    );
    const digests = tokens.map((token) => createHash('sha256').update(token).digest('hex'));
    expect([new Set(digests).size, digests.includes(valid), others]).toEqual([3, true, []]);
    const succeeded = `select device_id, count(*)::int as runs, sum(punches_imported)::int as imported from sync_runs
      where outcome = 'succeeded' group by device_id, date_bin('15 minutes', started_at, '2000-01-01 00:00:00+00')`;
    await until(async () => (await dataSource.query<unknown[]>(succeeded)).length >= TERMINALS);
    await until(
      async () => (await dataSource.query<unknown[]>(`select from sync_runs where outcome = 'running'`)).length === 0,
    );
    const rows = await dataSource.query<{ device_id: string; runs: number; imported: number }[]>(succeeded);
    expect(rows.filter(({ runs }) => runs !== 1)).toEqual([]);
    expect(rows.reduce((sum, { imported }) => sum + imported, 0)).toBe(TERMINALS * punches.length);
    expect(await dataSource.query(`select outcome from sync_runs where outcome <> 'succeeded'`)).toEqual([]);
  }, 180_000);

  it('replace one that is killed in the middle of a read, then one that is stopped in it', async () => {
    // Runs are what this is about: a poll of the same terminal would be taken for one. It is left out before it is added.
    await dataSource.query(
      `insert into device_watch (device_id, next_poll_at)
       select last_value + 1, 'infinity' from pg_sequences where sequencename = 'devices_id_seq'`,
    );
    const slow = await addTerminal('slow', { answers: [{ step: 'bulk', effect: { kind: 'silence' } }] });
    const [{ id }] = await dataSource.query<{ id: string }[]>(`select id from devices where slug = 'slow'`);
    /** A server that has the terminal, and waits for an answer that does not come. */
    const findReader = async (): Promise<Running> => {
      const holder = `select acquired_by from sync_locks where lock_key = $1 and acquired_by like 'machineSyncService@%'`;
      let reader: Running | undefined;
      await until(async () => {
        const [lock] = await dataSource.query<{ acquired_by: string }[]>(holder, [`device:${id}`]);
        reader = servers.find(({ pid, running }) => running && lock?.acquired_by.endsWith(`:${pid}`));
        return reader !== undefined && slow.journal.entries.some(({ command }) => command === Command.BUFFERED_READ);
      });
      return reader as unknown as Running;
    };
    const killed = await findReader();
    killedPid = killed.pid;
    killed.signal('SIGKILL');
    await killed.ended;
    slow.journal.clear();
    // Five minutes pass by the database's clock.
    await dataSource.query(
      `update sync_locks set expires_at = clock_timestamp() - interval '1 s' where lock_key = $1 and acquired_by is not null`,
      [`device:${id}`],
    );
    const stopped = await findReader();
    // The third one may be waiting for the lease: it must find a terminal that answers.
    slow.faults = {};
    stopped.signal('SIGTERM');
    expect(await stopped.ended).toMatchObject(inOrder);
    expect(stopped.log().filter(({ level }) => level === 'error')).toEqual([]);

    const outcomes = async (): Promise<string[]> => {
      const rows = await dataSource.query<{ outcome: string }[]>(
        'select outcome from sync_runs where device_id = $1 order by outcome',
        [id],
      );
      return rows.map(({ outcome }) => outcome);
    };
    await until(async () => (await outcomes()).includes('succeeded'));
    expect(await outcomes()).toEqual(['abandoned', 'abandoned', 'succeeded']);
    const warnings = logged('an expired lease was freed; its holder died or was too slow');
    const holder: unknown = expect.stringMatching(`^machineSyncService@.*:${killed.pid}$`);
    expect(warnings).toEqual([expect.objectContaining({ level: 'warn', holder })]);
    const verified = await new Running(CLI, ['audit', 'verify'], await environment()).ended;
    expect([verified.code, verified.stdout]).toEqual([0, expect.stringMatching(/^The audit log is intact/)]);
    for (const terminal of terminals) expect(terminal.journal.outside(isReadOrSessionCommand)).toEqual([]);
  }, 300_000);

  it('leave no lease behind when the last one stops', async () => {
    const [last, ...others] = servers.filter(({ running }) => running);
    expect(others).toEqual([]);
    last.signal('SIGTERM');
    expect(await last.ended).toMatchObject(inOrder);
    // The one that was killed may have held another device too, at a quarter of an hour: that lease has to run out.
    const held =
      'select lock_key, acquired_by from sync_locks where holder_nonce is not null and acquired_by not like $1';
    expect(await dataSource.query(held, [`%:${killedPid}`])).toEqual([]);
  });
});
