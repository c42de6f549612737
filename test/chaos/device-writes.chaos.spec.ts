import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditChain, AuditEntry } from '@app/audit';
import { AppConfig } from '@app/config';
import { inventUsers, ZkTerminal } from '@app/device-emulator';
import { DeviceUserDeletions, DeviceWrite, DeviceWriterModule, WRITE_STEPS } from '@app/device-writer';
import { type Device } from '@app/devices';
import { administrator, canonicalDeviceUserId, SystemClock } from '@app/kernel';
import { SyncCoordinator } from '@app/sync-coordinator';
import { Command } from '@app/zk-protocol';
import { deviceOf, emptyTables, openTestApp, type TestApp, until } from '@test/support';
import { ChaosProcess } from './child.js';
import { SIZES } from './sizes.js';

type Work = 'update' | 'delete' | 'restore';
/** The steps of a write, and two moments that only the terminal sees. */
const MOMENTS = [...WRITE_STEPS, 'command arrived', 'command carried out'] as const;
type Moment = (typeof MOMENTS)[number];
/** What has become of a write that was cut off there. A command that has just arrived is carried out, or is not. */
const OUTCOMES: Readonly<Record<Moment, string>> = {
  leased: 'no intent',
  read: 'no intent',
  intended: 'not_done',
  ready: 'not_done',
  sent: 'done',
  'read-back': 'done',
  settled: 'done',
  'command arrived': 'either',
  'command carried out': 'done',
};
const COMMANDS: Readonly<Record<Work, number>> = {
  update: Command.USER_WRITE,
  delete: Command.DELETE_USER,
  restore: Command.SAVE_USERS_AND_TEMPLATES,
};

const users = inventUsers({ count: 12 });
const victim = users[4];
const id = canonicalDeviceUserId(victim.userId);
let app: TestApp;
let terminal: ZkTerminal;
let device: Device;

beforeAll(async () => {
  app = await openTestApp([DeviceWriterModule], { clock: new SystemClock() });
  await app.database.dataSource.query('create table chaos_effects (write_id bigint primary key)');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  terminal = await ZkTerminal.start({ users, connections: 'many' });
  await emptyTables(app.database.dataSource, 'devices', 'sync_locks');
  device = await deviceOf(app.database.dataSource, terminal);
});
afterEach(async () => {
  await ChaosProcess.endAll();
  await terminal.stop();
});

/** Every record and template as before the round, and an empty journal. */
async function startOver(): Promise<void> {
  terminal.state.clearUsers();
  for (const user of users) {
    terminal.state.putUser(user);
    for (const finger of [0, 6])
      terminal.state.putTemplate({
        slot: user.slot,
        finger,
        flag: 1,
        template: Buffer.from(`${user.userId}/${finger}`.repeat(40)),
      });
  }
  terminal.journal.clear();
  await emptyTables(app.database.dataSource, 'device_writes', 'deleted_device_users', 'chaos_effects');
  await emptyTables(app.database.dataSource, 'device_user_audit_log', 'audit_blocks', 'audit_chain_heads');
}

/** Every moment, over and over in the full size; in CI, all of one kind of write and the telling ones of the others. */
function momentsOf(work: Work): readonly Moment[] {
  if (SIZES.full) return Array.from({ length: SIZES.loops }, () => MOMENTS).flat();
  return work === 'update' ? MOMENTS : ['intended', 'sent', 'command arrived'];
}

function task(work: string, more: object = {}): object {
  const { dataDir } = app.get(AppConfig);
  return { url: app.database.url, dataDir, deviceId: device.id, work, deviceUserId: id, ...more };
}

/** Five minutes and fifteen seconds pass, by the database's clock, for what a dead process held. */
async function letTimePassFor(pid: number | undefined): Promise<void> {
  const { dataSource } = app.database;
  const sessions = 'select from pg_stat_activity where application_name = $1';
  await until(async () => (await dataSource.query<unknown[]>(sessions, [`holdfast-chaos ${pid}`])).length === 0);
  await dataSource.query(
    `update sync_locks set expires_at = clock_timestamp() - interval '1 s' where acquired_by like $1`,
    [`%:${pid}`],
  );
  await app.get(SyncCoordinator).cleanupExpiredLocks();
  await dataSource.query('update sync_locks set writes_not_before = null');
}

/** Runs a writer to the moment and kills it there; what was sent by then arrives. */
async function killAt(work: Work, moment: Moment, deletionId?: string): Promise<void> {
  const seenByTerminal = moment.startsWith('command');
  const stopAt = seenByTerminal ? undefined : moment;
  const writer = ChaosProcess.start('device-write-worker.mjs', task(work, { deletionId, stopAt }));
  await writer.reaches('booted');
  const before = terminal.snapshot();
  writer.goOn();
  if (moment === 'command arrived')
    await until(() => terminal.journal.entries.some(({ command }) => command === COMMANDS[work]));
  else if (moment === 'command carried out') await until(() => terminal.snapshot() !== before);
  else await writer.reaches(moment);
  await writer.kill();
  await terminal.idle();
  await letTimePassFor(writer.pid);
}

async function effects(): Promise<number> {
  const [{ n }] = await app.database.dataSource.query<{ n: number }[]>('select count(*)::int as n from chaos_effects');
  return n;
}

async function storyOf(writeId: string): Promise<string[]> {
  const entries = await app.database.dataSource.getRepository(AuditEntry).find({ order: { id: 'ASC' } });
  return entries.filter(({ details }) => details.write_id === writeId).map(({ operation }) => operation);
}

const CONSEQUENCE: Readonly<Record<Work, string[]>> = {
  update: [],
  delete: ['user_deleted'],
  restore: ['user_deletion_undone'],
};

describe.each(['update', 'delete', 'restore'] as const)('a process that is killed in the middle of a %s', (work) => {
  it(
    'leaves the user as before or as wanted, and another process finds out which, with all that follows from it',
    async () => {
      await using settler = ChaosProcess.start('device-write-worker.mjs', task('settle'));
      await settler.reaches('booted');
      const seen = new Set<string>();
      let round = 0;
      for (const moment of momentsOf(work)) {
        await startOver();
        const everybody = terminal.snapshot();
        let deletionId: string | undefined;
        if (work === 'restore') {
          const actor = administrator('account:mina');
          const { user } = await app.get(DeviceUserDeletions).delete(device, id, { reason: 'left the school', actor });
          deletionId = user.id;
          terminal.journal.clear();
        }
        const before = terminal.snapshot();
        await killAt(work, moment, deletionId);

        settler.goOn();
        round += 1;
        await settler.reaches(`settled ${round}`);

        const after = terminal.snapshot();
        const writes = await app.database.dataSource.getRepository(DeviceWrite).find({ order: { id: 'ASC' } });
        const write = writes.find(({ kind }) => kind === work);
        const changed = after !== before;
        expect({ moment, state: write?.state }).toEqual({
          moment,
          state: write && (changed ? 'done' : 'not_done'),
        });
        // Whatever it came to, nobody else was touched, and a restore is bit for bit what there was.
        if (work === 'restore' && changed) expect(after).toBe(everybody);
        const others = terminal.users().filter(({ userId }) => userId !== victim.userId);
        expect(others).toEqual(users.filter(({ userId }) => userId !== victim.userId));
        if (changed && !write) throw new Error(`${moment}: the terminal was changed without an intent`);
        if (write) {
          const end = changed ? ['device_write_done', ...CONSEQUENCE[work]] : ['device_write_not_done'];
          expect(await storyOf(write.id)).toEqual(['device_write_intended', ...end]);
        }
        expect(await effects()).toBe(work === 'update' && changed ? 1 : 0);
        expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
        seen.add(`${moment}: ${write?.state ?? 'no intent'}`);
      }
      const expected = momentsOf(work).map((moment) => `${moment}: ${OUTCOMES[moment]}`);
      expect([...seen].map((each) => each.replace(/^(command arrived): .*/, '$1: either'))).toEqual([
        ...new Set(expected),
      ]);
    },
    SIZES.testMs,
  );
});
