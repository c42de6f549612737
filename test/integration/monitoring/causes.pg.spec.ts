import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { type Mishaps, type EmulatedUser, ZkTerminal } from '@app/device-emulator';
import { type Device } from '@app/devices';
import { type Cause } from '@app/incident-causes';
import { RetrySchedule, systemActor } from '@app/kernel';
import { Incident, MonitoringModule, UserPoll } from '@app/monitoring';
import { Notifications } from '@app/notification';
import { MachineSyncService, SyncServicesModule } from '@app/sync-services';
import {
  aUser,
  deviceOf,
  openTestApp,
  QUICK_TIMEOUTS,
  RecordingNotifications,
  type TestApp,
  withoutTriggers,
} from '@test/support';

jest.setTimeout(20_000);
const USERS = Array.from({ length: 20 }, (_, i) => aUser(i + 1, { userId: String(101 + i), card: 5_001 + i }));
const notifications = new RecordingNotifications();
let app: TestApp;
let terminal: ZkTerminal;
let device: Device;

beforeAll(async () => {
  app = await openTestApp([SyncServicesModule, MonitoringModule], {
    timeouts: QUICK_TIMEOUTS,
    coordination: { ttlMs: 300_000, retries: new RetrySchedule(0, 1) },
    provide: [[Notifications, notifications]],
    env: { TIME_ZONE: 'UTC' },
  });
});
afterAll(async () => {
  await terminal.stop();
  await app[Symbol.asyncDispose]();
});
beforeEach(async () => {
  await terminal?.stop();
  notifications.clear();
  await app.database.dataSource.query('truncate devices, incidents, incident_users');
  terminal = await ZkTerminal.start({ users: USERS, transports: ['tcp'], serialNumber: `SN${Math.random()}` });
  terminal.mishaps.save();
  device = await deviceOf(app.database.dataSource, terminal);
  // A run also counts, which a poll without a loss does not.
  await app.get(MachineSyncService).syncDevice(device, systemActor);
});

async function poll(): Promise<Incident | undefined> {
  return (await app.get(UserPoll).execute(device, { actor: systemActor })).incident;
}

const ids = (...slots: number[]): string[] => slots.map((slot) => USERS[slot - 1].userId);

/** What happens at the terminal, and what the incident must say of it. */
const STORIES: readonly {
  readonly story: string;
  readonly happens: (mishaps: Mishaps<EmulatedUser>) => unknown;
  readonly cause: Cause;
  readonly evidence?: RegExp;
}[] = [
  {
    story: 'an operator deletes two users at the keypad',
    happens: (it) => it.deleteAtKeypad(ids(3, 4), 1),
    cause: 'keypad_deletion',
    evidence: /operator 1|slot 1/i,
  },
  { story: 'an operator clears all data', happens: (it) => it.clearAtKeypad(1), cause: 'data_cleared' },
  { story: 'the terminal is reset', happens: (it) => it.resetToFactory(), cause: 'factory_reset' },
  {
    story: 'new firmware loses the users',
    happens: (it) => it.changeFirmware('Ver 9.99', 'users'),
    cause: 'firmware_change',
    evidence: /Ver 9\.99/,
  },
  { story: 'another program wipes it', happens: (it) => it.wipeByCommand(), cause: 'bulk_wipe' },
  {
    story: 'a user gets another ID',
    happens: (it) => it.renumber(ids(5)[0], '777'),
    cause: 'renumbered',
    evidence: /777/,
  },
  {
    story: 'another program removes one user, once',
    happens: (it) => it.rewriteByProgram({ removes: ids(7) }),
    cause: 'unknown',
  },
];

describe('an incident tells what did it, when', () => {
  it.each(STORIES)('$story', async ({ happens, cause, evidence }) => {
    happens(terminal.mishaps);
    const incident = await poll();
    expect(incident?.causes[0]).toMatchObject({ cause });
    if (evidence) expect(incident?.causes[0].evidence.join(' ')).toMatch(evidence);
    expect(incident?.kind).toBe(
      cause === 'factory_reset' || terminal.users().length === 0 ? 'device_reset' : 'disappearance',
    );
  });

  it('a restart loses whom it had not saved', async () => {
    terminal.enrol(aUser(40, { userId: '900' }));
    await poll();
    terminal.mishaps.restart('unsaved');
    expect((await poll())?.causes[0]).toMatchObject({ cause: 'restart', device_user_ids: ['900'] });
  });

  it('another program comes every night', async () => {
    let incident: Incident | undefined;
    for (let night = 0; night < 5; night += 1) {
      // A day passes: what was is a day longer ago.
      await withoutTriggers(app.database.dataSource, async (tx) => {
        await tx.query(
          `update device_user_stays set first_seen_at = first_seen_at - interval '1 day',
                  last_seen_at = last_seen_at - interval '1 day', gone_at = gone_at - interval '1 day'`,
        );
      });
      terminal.mishaps.rewriteByProgram({ removes: ids(10 + night) });
      incident = (await poll()) ?? incident;
    }
    expect(incident?.causes.map(({ cause }) => cause)).toContain('other_program');
  });

  it('but another terminal in its place is no disappearance', async () => {
    terminal.mishaps.replaceBy({ serialNumber: 'ANOTHER' });
    await expect(poll()).rejects.toMatchObject({ code: 'device/serial-mismatch' });
    expect(await app.database.dataSource.getRepository(Incident).count()).toBe(0);
    expect(notifications.topics()).toEqual(['device_replaced']);
  });
});
