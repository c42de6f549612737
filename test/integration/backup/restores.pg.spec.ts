import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  BackupCatalogue,
  BackupFolder,
  BackupKeys,
  BackupModule,
  BackupRestoreService,
  type BackupView,
  type RestoreResultView,
  type RestoreView,
} from '@app/backup';
import { type Device } from '@app/devices';
import { DialInModule, DialInService } from '@app/dial-in';
import { administrator, SystemClock } from '@app/kernel';
import { UserPoll } from '@app/monitoring';
import { Notifications } from '@app/notification';
import {
  aUser,
  BATCH_KINDS,
  type BatchTerminal,
  openTestApp,
  RecordingNotifications,
  type RigPerson,
  TEST_TOKEN,
  type TestApp,
} from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

jest.setTimeout(60_000);
const actor = administrator('account:mina');

/** A person with as many fingers as asked for. */
function person(n: number, fingers = 2, change: Parameters<typeof aUser>[1] = {}): RigPerson {
  return {
    user: aUser(n, {
      userId: String(100 + n),
      name: Buffer.from(`Mina ${n}`),
      card: 5_000 + n,
      password: '',
      ...change,
    }),
    fingers: Array.from({ length: fingers }, (_, i) => {
      return { finger: i + 3, flag: 1, template: Buffer.from(`finger ${i} of person ${n}, as it was enrolled`) };
    }),
  };
}

const PEOPLE = Array.from({ length: 12 }, (_, i) => person(i + 1, i % 4));

async function flipOneBit(file: string): Promise<void> {
  const bytes = await readFile(file);
  bytes[bytes.length - 40] ^= 1;
  await writeFile(file, bytes);
}

let app: TestApp;
let notifications: RecordingNotifications;

beforeAll(async () => {
  notifications = new RecordingNotifications();
  app = await openTestApp([BackupModule, DialInModule], {
    clock: new SystemClock(),
    env: { AIFACE_PORT: '0' },
    provide: [[Notifications, notifications]],
  });
  await app.get(BackupKeys).generate();
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

async function send<T>(method: 'get' | 'post' | 'patch', path: string, status: number, body?: object): Promise<T> {
  const asked = request(app.app.getHttpServer())[method](`/api/${path}`).auth(TEST_TOKEN, { type: 'bearer' });
  const answer = await (body ? asked.send(body) : asked);
  if (answer.status !== status)
    throw new Error(`${method} ${path} gave ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body as T;
}

describe.each(BATCH_KINDS.filter(({ name }) => name === 'zk over tcp, 72-byte records' || name.includes('ai06')))(
  'a backup of a terminal: $name',
  (kind) => {
    let terminal: BatchTerminal;
    let device: Device;

    beforeEach(async () => {
      terminal = await kind.start(app);
      ({ device } = terminal);
      terminal.setPeople(PEOPLE);
      await terminal.ready();
    });
    afterEach(async () => terminal[Symbol.asyncDispose]());

    const backUp = (): Promise<BackupView> => send('post', 'device-users/backups', 201, { device_id: device.id });
    const restore = (backup: BackupView, body: object, status = 200): Promise<RestoreResultView> =>
      send('post', `device-users/backups/${backup.filename}/restore`, status, body);

    it('brings everybody of a wiped terminal back, bit for bit', async () => {
      const before = terminal.state();
      const backup = await backUp();
      expect(backup).toMatchObject({ users: PEOPLE.length, state: 'valid', encrypted: true, lacking: [] });
      terminal.setPeople([]);
      const result = await restore(backup, {});
      expect(result).toMatchObject({
        state: 'done',
        counts: { create: 12, restored: 12, failed: 0, waiting: 0 },
        users: [],
      });
      expect(terminal.state()).toEqual(before);
      expect(terminal.writes().others).toBe(0);
    });

    it('does exactly what the dry run said, and the dry run writes nothing', async () => {
      const backup = await backUp();
      terminal.setPeople([person(1, 0), ...PEOPLE.slice(1, 4), person(50, 1)]);
      const held = terminal.state();
      const plan = await restore(backup, { dry_run: true });
      expect(terminal.state()).toEqual(held);
      expect(plan).toMatchObject({ id: null, dry_run: true });
      expect(plan.users).toHaveLength(12);
      const result = await restore(backup, { state_hash: plan.state_hash });
      expect(result.counts).toMatchObject({
        restored: plan.counts.create + plan.counts.update,
        failed: 0,
        refused: plan.counts.refused,
      });
      const after = terminal.state();
      expect(after.get('150')).toBe(held.get('150'));
      expect(after.size).toBe(13);
      const again = await restore(backup, { dry_run: true });
      expect(again.counts).toMatchObject({ create: 0, update: 0, unchanged: 12, refused: 0 });
    });

    it('harms nobody with an older, smaller backup', async () => {
      terminal.setPeople(PEOPLE.slice(0, 5).map(({ user }, i) => person(user.slot, i === 0 ? 1 : 0)));
      const backup = await backUp();
      terminal.setPeople([person(1, 3), ...PEOPLE.slice(1)]);
      const held = terminal.state();
      await restore(backup, {});
      const after = terminal.state();
      expect([...after.keys()].toSorted()).toEqual([...held.keys()].toSorted());
      for (const [id, user] of held)
        if (!['101', '102', '103', '104', '105'].includes(id)) expect(after.get(id)).toBe(user);
      // Whoever has more fingers now keeps them.
      expect(after.get('101')!.length).toBe(held.get('101')!.length);
    });

    it('refuses a plan whose terminal has changed, and writes nothing', async () => {
      const backup = await backUp();
      terminal.setPeople(PEOPLE.slice(0, 6));
      const plan = await send<RestoreView>('post', 'device-users/restores', 201, { backup: backup.filename });
      terminal.setPeople(PEOPLE.slice(0, 7));
      const held = terminal.state();
      await send('post', `device-users/restores/${plan.id}/apply`, 412, {});
      expect(terminal.state()).toEqual(held);
      expect(await send('get', `device-users/restores/${plan.id}`, 200)).toMatchObject({ state: 'refused' });
      await send('post', `device-users/restores/${plan.id}/apply`, 409, {});
    });

    it('takes a safety backup first, and restores a chosen few', async () => {
      const backup = await backUp();
      terminal.setPeople([]);
      const result = await restore(backup, { device_user_ids: ['0103', '999'] });
      expect(result.counts).toMatchObject({ create: 1, refused: 1, restored: 1 });
      expect(result.users).toMatchObject([{ device_user_id: '999', code: 'not-in-backup' }]);
      expect([...terminal.state().keys()]).toEqual(['103']);
      const { items } = await app.get(BackupRestoreService).listBackups({ deviceId: device.id }, { limit: 1 });
      expect(items).toMatchObject([{ trigger: 'before_restore', userCount: 0 }]);
    });

    it('goes on with the others when one cannot be written', async () => {
      const backup = await backUp();
      terminal.setPeople([]);
      terminal.refuse(2);
      const result = await restore(backup, {});
      terminal.clearFaults();
      expect(result.counts.restored + result.counts.failed).toBe(12);
      expect(result.counts.failed).toBeGreaterThan(0);
      expect(result.users).toHaveLength(result.counts.failed);
      expect(terminal.state().size).toBe(result.counts.restored);
    });

    it('leads from an incident to everybody being back in one call', async () => {
      await app.get(UserPoll).execute(device, { actor });
      const before = terminal.state();
      await backUp();
      terminal.setPeople(PEOPLE.slice(0, 3));
      const { incident } = await app.get(UserPoll).execute(device, { actor });
      const path = `device-users/incidents/${incident!.id}/restore`;
      const offer = await send<{ holdings: { device_user_ids: string[] }[]; without_backup: string[] }>(
        'get',
        path,
        200,
      );
      expect(offer).toMatchObject({ without_backup: [], needs_confirmation: true });
      expect(offer.holdings.flatMap(({ device_user_ids: ids }) => ids)).toHaveLength(9);
      await send('post', path, 409, {});
      const result = await send<RestoreResultView>('post', path, 200, { confirm_tripped: true });
      expect(result).toMatchObject({ origin: 'incident', counts: { create: 9, restored: 9 } });
      expect(terminal.state()).toEqual(before);
      expect(await send('get', `device-users/incidents/${incident!.id}`, 200)).toMatchObject({ state: 'recovered' });
    });

    it('gives every state of a terminal back, bit for bit', async () => {
      const people = fc
        .array(
          fc.record({ n: fc.integer({ min: 1, max: 400 }), fingers: fc.integer({ min: 0, max: 4 }), seed: fc.nat() }),
          {
            maxLength: 8,
          },
        )
        .map((found) => [...new Map(found.map((each) => [each.n, each])).values()])
        .map((found) =>
          found.map(({ n, fingers, seed }) => {
            const some = (salt: string): Buffer => createHash('sha512').update(`${salt} ${seed}`).digest();
            const pin = seed % 3 === 0 ? String(seed % 10_000).padStart(4, '0') : '';
            const named = person(n, fingers, {
              name: Buffer.from(`N${seed % 1_000_000}`),
              privilege: seed % 2,
              password: pin,
            });
            return {
              ...named,
              fingers: named.fingers.map((each) => ({ ...each, template: some(String(each.finger)) })),
            };
          }),
        );
      for (const wanted of fc.sample(people, process.env.CHAOS === 'full' ? 1_000 : 12)) {
        terminal.setPeople(wanted);
        const before = terminal.state();
        const backup = await backUp();
        terminal.setPeople([]);
        const plan = await restore(backup, { dry_run: true });
        const result = await restore(backup, { state_hash: plan.state_hash, confirm_tripped: true });
        expect(result.counts).toMatchObject({
          create: plan.counts.create,
          restored: wanted.length,
          failed: 0,
          refused: 0,
        });
        expect(terminal.state()).toEqual(before);
      }
    }, 3_600_000);

    it('shows a file that was damaged as invalid, and refuses it', async () => {
      const backup = await backUp();
      const { path } = app.get(BackupFolder);
      await flipOneBit(`${path}/${backup.filename}`);
      expect(await send('post', `device-users/backups/${backup.filename}/verify`, 200)).toMatchObject({
        result: 'invalid',
      });
      await restore(backup, {}, 409);
      expect(await app.get(BackupCatalogue).get(backup.filename)).toMatchObject({ state: 'invalid' });
      expect(notifications.topics()).toContain('backup_invalid');
    });
  },
);
