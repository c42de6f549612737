import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditChain, AuditEntry } from '@app/audit';
import { AppConfig } from '@app/config';
import { inventUsers } from '@app/device-emulator';
import { DeviceUserDeletions, DeviceWrite, DeviceWriterModule, WRITE_STEPS, type WriteState } from '@app/device-writer';
import { DialInModule } from '@app/dial-in';
import { administrator, canonicalDeviceUserId, SystemClock } from '@app/kernel';
import { SyncCoordinator } from '@app/sync-coordinator';
import { emptyTables, openTestApp, type TestApp, until } from '@test/support';
import { ChaosProcess } from './child.js';
import { SIZES } from './sizes.js';
import { writableAiface, type WritableTerminal, writableZk } from './writable-terminals.js';

type Work = 'update' | 'delete' | 'restore';
/** The steps of a write, and two moments that only the terminal sees. */
const MOMENTS = [...WRITE_STEPS, 'command arrived', 'command carried out'] as const;
type Moment = (typeof MOMENTS)[number];
/** What may become of a write that is cut off there; none: no intent. An AiFace terminal takes a user credential by credential. */
const OUTCOMES: Readonly<Record<Moment, readonly (WriteState | undefined)[]>> = {
  leased: [undefined],
  read: [undefined],
  intended: ['not_done'],
  ready: ['not_done'],
  'command arrived': ['not_done', 'undetermined', 'done'],
  'command carried out': ['undetermined', 'done'],
  sent: ['done'],
  'read-back': ['done'],
  settled: ['done'],
};
const CONSEQUENCE: Readonly<Record<Work, string[]>> = {
  update: [],
  delete: ['user_deleted'],
  restore: ['user_deletion_undone'],
};
const KINDS = { zk: writableZk, aiface: writableAiface };

const users = inventUsers({ count: 12 });
const victim = canonicalDeviceUserId(users[4].userId);
const actor = administrator('account:mina');
let app: TestApp;
let terminal: WritableTerminal;
/** Everybody on the terminal at the start of a round. */
let enrolled: Map<string, string>;

beforeAll(async () => {
  app = await openTestApp([DeviceWriterModule, DialInModule], { clock: new SystemClock() });
  await app.database.dataSource.query('create table chaos_effects (write_id bigint primary key)');
});
afterAll(async () => {
  await app[Symbol.asyncDispose]();
});
afterEach(async () => {
  await ChaosProcess.endAll();
  await terminal[Symbol.asyncDispose]();
});

/** Every moment, over and over in the full size; in CI, all of one kind of write and the telling ones of the others. */
function momentsOf(work: Work): readonly Moment[] {
  if (SIZES.full) return Array.from({ length: SIZES.loops }, () => MOMENTS).flat();
  return work === 'delete' ? MOMENTS : ['intended', 'command arrived', 'sent'];
}

function task(work: string, more: object = {}): object {
  const { device, aifacePort } = terminal;
  const { dataDir } = app.get(AppConfig);
  return { url: app.database.url, dataDir, deviceId: device.id, aifacePort, work, deviceUserId: victim, ...more };
}

/** The terminal as enrolled, and nothing in the database; for an undo, something to undo. */
async function startOver(work: Work): Promise<string | undefined> {
  terminal.enrolAll();
  enrolled = terminal.state();
  terminal.clearJournal();
  const { dataSource } = app.database;
  await emptyTables(dataSource, 'device_writes', 'deleted_device_users', 'chaos_effects');
  await emptyTables(dataSource, 'device_user_audit_log', 'audit_blocks', 'audit_chain_heads');
  if (work !== 'restore') return undefined;
  const reason = 'left the school';
  const { user } = await terminal.reachedFrom(app, () =>
    app.get(DeviceUserDeletions).delete(terminal.device, victim, { reason, actor }),
  );
  await terminal.idle();
  terminal.clearJournal();
  return user.id;
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
  const stopAt = moment.startsWith('command') ? undefined : moment;
  const writer = ChaosProcess.start('device-write-worker.mjs', task(work, { deletionId, stopAt }));
  await writer.reaches('booted');
  const before = asText(terminal.state());
  writer.goOn();
  if (moment === 'command carried out') await until(() => asText(terminal.state()) !== before);
  else if (moment === 'command arrived') await until(() => terminal.wasWrittenTo());
  else await writer.reaches(moment);
  await writer.kill();
  await terminal.idle();
  await letTimePassFor(writer.pid);
}

function asText(state: ReadonlyMap<string, string>): string {
  return JSON.stringify([...state].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function without(id: string, state: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...state].filter(([each]) => each !== id));
}

async function storyOf(writeId: string): Promise<string[]> {
  const entries = await app.database.dataSource.getRepository(AuditEntry).find({ order: { id: 'ASC' } });
  return entries.filter(({ details }) => details.write_id === writeId).map(({ operation }) => operation);
}

/** The terminal, the journal, the audit log and the consequences all tell the same. */
async function expectOneTruth(work: Work, moment: Moment, was: ReadonlyMap<string, string>): Promise<void> {
  const { dataSource } = app.database;
  const now = terminal.state();
  const write = await dataSource.getRepository(DeviceWrite).findOneBy({ kind: work });
  expect(OUTCOMES[moment]).toContain(write?.state);
  const changed = now.get(victim) !== was.get(victim);
  expect({ moment, changed }).toEqual({ moment, changed: write?.state === 'done' || write?.state === 'undetermined' });
  expect(without(victim, now)).toEqual(without(victim, was));
  if (work === 'delete' && write?.state === 'done') expect(now.has(victim)).toBe(false);
  if (work === 'restore' && write?.state === 'done') expect(now.get(victim)).toBe(enrolled.get(victim));
  if (write) {
    const consequence = write.state === 'done' ? CONSEQUENCE[work] : [];
    const end = `device_write_${write.state}`;
    expect(await storyOf(write.id)).toEqual(['device_write_intended', end, ...consequence]);
  }
  const effects = await dataSource.query<unknown[]>('select from chaos_effects');
  expect(effects).toHaveLength(work === 'update' && write?.state === 'done' ? 1 : 0);
  expect(await app.get(AuditChain).verify()).toMatchObject({ intact: true });
}

describe.each(['zk', 'aiface'] as const)('on a terminal of the kind %s', (kind) => {
  beforeEach(async () => {
    await app.database.dataSource.query('delete from devices'); // the next one has another number, and a lock of its own
    terminal = await KINDS[kind](app, users);
  });

  it.each(['delete', 'update', 'restore'] as const)(
    'a process that is killed in the middle of a %s leaves what another one can find out, with all that follows from it',
    async (work) => {
      await using settler = ChaosProcess.start('device-write-worker.mjs', task('settle'));
      await settler.reaches('booted');
      for (const [round, moment] of momentsOf(work).entries()) {
        const deletionId = await startOver(work);
        const was = terminal.state();
        await killAt(work, moment, deletionId);
        settler.goOn();
        await settler.reaches(`settled ${round + 1}`);
        await expectOneTruth(work, moment, was);
      }
    },
    SIZES.testMs,
  );
});
