import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { AuditEntry, DeviceUserAuditService } from '@app/audit';
import { ConflictDetection, ConflictDetectionModule, type DetectionTotals, UserConflict } from '@app/conflict';
import { type DeviceUser } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { canonicalDeviceUserId, systemActor } from '@app/kernel';
import { type AdoptedAttributes, Person, UserMapping } from '@app/people';
import { aDevice, emptyTables, openTestApp, type TestApp, withoutTriggers } from '@test/support';

interface Attributes {
  name?: string | null;
  card?: string | null;
  privilege?: number;
  hasPin?: boolean;
  /** The terminal tells name and card one user at a time, and was not asked this time. */
  untold?: boolean;
}

/** A user as a read tells it. */
function told(
  id: string,
  { name = `User ${id}`, card = null, privilege = 0, hasPin = false, untold }: Attributes = {},
): DeviceUser {
  const details = { name, nameBytes: Buffer.from(name ?? ''), cardNumber: card };
  return {
    deviceUserId: canonicalDeviceUserId(id),
    rawUserId: id,
    slot: null,
    details: untold ? undefined : details,
    privilege: untold ? undefined : privilege,
    groupId: null,
    timezoneId: null,
    hasPin,
  };
}

describe('the detection of conflicts', () => {
  let app: TestApp;
  let device: Device;

  beforeAll(async () => {
    app = await openTestApp([ConflictDetectionModule]);
  });
  afterAll(async () => {
    await app[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    const { dataSource } = app.database;
    await emptyTables(dataSource, 'user_machine_mapping', 'people', 'user_conflicts');
    device = await aDevice(dataSource);
  });

  function detect(...users: DeviceUser[]): Promise<DetectionTotals> {
    const context = {
      deviceId: device.id,
      seenAt: new Date('2026-01-31T08:00:00Z'),
      service: 'machineSyncService',
      performedBy: systemActor,
      nameLimit: { bytes: 23, encoding: 'utf-8' as const },
    };
    return app.database.dataSource.transaction((tx) => app.get(ConflictDetection).detectAll(tx, context, users));
  }

  /** Maps the user to somebody who has this name and card, and with whom the device agreed. */
  async function map(id: string, { name, card, privilege = 0, hasPin = false }: Attributes = {}): Promise<Person> {
    const { dataSource } = app.database;
    const wanted = { personType: 'staff' as const, name: name ?? `User ${id}`, cardNumber: card ?? null };
    const person = await dataSource.getRepository(Person).save(wanted);
    const adopted: AdoptedAttributes = {
      name: wanted.name,
      card_number: wanted.cardNumber,
      privilege,
      group_id: null,
      timezone_id: null,
      has_pin: hasPin,
    };
    await dataSource.getRepository(UserMapping).save({
      deviceId: device.id,
      deviceUserId: id,
      personId: person.id,
      personType: 'staff',
      adopted: { ...adopted },
      createdBy: 'test',
    });
    return person;
  }

  function conflicts(): Promise<UserConflict[]> {
    return app.database.dataSource.getRepository(UserConflict).find({ order: { id: 'ASC' } });
  }

  async function open(): Promise<object[]> {
    const rows = (await conflicts()).filter(({ resolved }) => !resolved);
    return rows.map(({ deviceUserId, conflictType: type, differing, claims }) => ({
      deviceUserId,
      type,
      differing,
      claims,
    }));
  }

  async function entries(): Promise<string[]> {
    const { items } = await app.get(DeviceUserAuditService).getUserLogs(device.id, '1');
    return items.map(({ operation }: AuditEntry) => operation).toReversed();
  }

  it('tells nothing of users whom nobody mapped, and nothing of a mapping that has just been made', async () => {
    await map('1', { name: 'Mina', card: '7' });
    expect(await detect(told('1', { name: 'Mina', card: '7' }), told('2'))).toMatchObject({ detected: 0, open: 0 });
    expect(await conflicts()).toEqual([]);
  });

  it('audits what it finds once, what changes once more, and what vanishes by itself', async () => {
    await map('1', { name: 'Mina' });
    await detect(told('1', { name: 'M.' }));
    await detect(told('1', { name: 'M.' }));
    expect(await entries()).toEqual(['conflict_detected']);
    await detect(told('1', { name: 'M. W.' }));
    expect(await entries()).toEqual(['conflict_detected', 'conflict_updated']);
    expect(await detect(told('1', { name: 'Mina' }))).toMatchObject({ vanished: 1, open: 0 });
    expect(await entries()).toEqual(['conflict_detected', 'conflict_updated', 'conflict_vanished']);
    const [vanished] = await conflicts();
    expect(vanished).toMatchObject({ resolved: true, resolutionStrategy: null, resolutionNotes: 'no longer differs' });
    await detect(told('1', { name: 'M.' }));
    expect(await conflicts()).toHaveLength(2);
  });

  it('leaves alone what is open of a user who is not on the device', async () => {
    await map('1', { name: 'Mina' });
    await detect(told('1', { name: 'M.' }));
    await detect(told('2'));
    expect(await open()).toMatchObject([{ deviceUserId: '1', differing: ['name'] }]);
  });

  it('keeps what is open when a read does not tell the attribute, and opens nothing about it', async () => {
    const mina = await map('1', { name: 'Mina' });
    await map('2', { name: 'Ann' });
    await detect(told('1', { name: 'M.' }), told('2', { name: 'Ann' }));
    await app.database.dataSource.query(`update people set name = 'Anne' where name = 'Ann'`);
    await detect(told('1', { untold: true }), told('2', { untold: true }));
    expect(await open()).toMatchObject([{ deviceUserId: '1', differing: ['name'] }]);
    expect((await conflicts())[0].deviceData.name).toBe('M.');
    // But the PIN was told.
    await detect(told('1', { untold: true, hasPin: true }), told('2', { untold: true, hasPin: true }));
    expect(await open()).toMatchObject([
      { deviceUserId: '1', differing: ['name', 'has_pin'] },
      { deviceUserId: '2', differing: ['has_pin'] },
    ]);
    // Once the database says what was last known of the device, there is nothing left.
    await app.database.dataSource.query(`update people set name = 'M.' where id = $1`, [mina.id]);
    await detect(told('1', { untold: true }), told('2', { untold: true }));
    expect(await open()).toEqual([]);
  });

  it('ends with the mapping, in the same transaction', async () => {
    await map('1', { name: 'Mina' });
    await detect(told('1', { name: 'M.' }));
    await app.database.dataSource.query('update user_machine_mapping set valid_to = clock_timestamp()');
    const [ended] = await conflicts();
    expect(ended).toMatchObject({ resolved: true, resolutionStrategy: null, resolutionNotes: 'the mapping ended' });
    expect(await entries()).toEqual(['conflict_detected', 'conflict_vanished']);
    await detect(told('1', { name: 'M.' }));
    expect(await open()).toEqual([]);
  });

  it('compares with the adopted values alone when the person is gone', async () => {
    const person = await map('1', { name: 'Mina' });
    await app.database.dataSource.query('delete from people where id = $1', [person.id]);
    await detect(told('1', { name: 'Mina', privilege: 14 }));
    expect(await open()).toMatchObject([{ differing: ['privilege'] }]);
  });

  it('compares nothing with a mapping that adopted nothing but the person’s own', async () => {
    await map('1', { name: 'Mina' });
    await app.database.dataSource.query(`update user_machine_mapping set adopted = '{}'`);
    await detect(told('1', { name: 'Mina', privilege: 14, card: '7', hasPin: true }));
    expect(await open()).toEqual([]);
  });

  describe('of a duplicate', () => {
    it('finds a second ID with the card of somebody who is mapped, and forgets it with the card', async () => {
      await map('1', { name: 'Mina', card: '0007' });
      await detect(told('1', { name: 'Mina', card: '7' }), told('2', { name: 'Mina 2', card: '7' }));
      const claims = [{ device_user_id: '2', name: 'Mina 2', card_number: '7' }];
      expect(await open()).toEqual([{ deviceUserId: '1', type: 'duplicate_id', differing: [], claims }]);
      // A read that does not tell the other's card says nothing against it.
      await detect(told('1', { name: 'Mina', card: '7' }), told('2', { untold: true }));
      expect(await open()).toHaveLength(1);
      await detect(told('1', { name: 'Mina', card: '7' }), told('2', { card: null }));
      expect(await open()).toEqual([]);
    });

    it('finds an ID whose card several people have, but not people who have left', async () => {
      await map('1', { name: 'Mina', card: '7' });
      const ann = { personType: 'student' as const, name: 'Ann', cardNumber: ' 007' };
      const { id } = await app.database.dataSource.getRepository(Person).save({ ...ann });
      await detect(told('1', { name: 'Mina', card: '7' }));
      const claims = [{ person_id: id, person_type: 'student', name: 'Ann', card_number: '7' }];
      expect(await open()).toEqual([{ deviceUserId: '1', type: 'duplicate_id', differing: [], claims }]);
      await app.database.dataSource.query('update people set active = false where id = $1', [id]);
      await detect(told('1', { name: 'Mina', card: '7' }));
      expect(await open()).toEqual([]);
    });

    it('does not bring up again what was settled, unless somebody else claims the card', async () => {
      await map('1', { name: 'Mina', card: '7' });
      const users = [told('1', { name: 'Mina', card: '7' }), told('2', { card: '7' })];
      await detect(...users);
      await app.database.dataSource.query(
        `update user_conflicts set resolved = true, resolved_at = now(), resolved_by = 'x', resolution_strategy = 'merge'`,
      );
      await detect(...users);
      expect(await open()).toEqual([]);
      await detect(...users, told('3', { card: '7' }));
      expect(await open()).toMatchObject([
        { type: 'duplicate_id', claims: [{ device_user_id: '2' }, { device_user_id: '3' }] },
      ]);
    });
  });

  it('says that an ID seems to be reused, beside what differs', async () => {
    await map('1', { name: 'Mina Ward', card: '7' });
    await detect(told('1', { name: 'Lukas Berg', card: '9' }));
    expect(await open()).toMatchObject([
      { type: 'attribute_mismatch', differing: ['name', 'card_number'] },
      { type: 'id_reused', differing: ['name', 'card_number'] },
    ]);
    await detect(told('1', { name: 'Mina Ward', card: '9' }));
    expect(await open()).toMatchObject([{ type: 'attribute_mismatch', differing: ['card_number'] }]);
  });

  it('stays quick with 10,000 mapped users, all of whom differ, and quicker when nothing has changed', async () => {
    // Punches are looked through at each mapping, which would take longer than all that is measured here.
    await withoutTriggers(app.database.dataSource, (tx) =>
      tx.query(
        `with made as (
         insert into people (person_type, name, card_number) select 'staff', 'Person ' || i, i::text
           from generate_series(1, 10000) as i returning id, name)
       insert into user_machine_mapping (device_id, device_user_id, person_id, person_type, adopted, valid_from, created_by)
       select $1, split_part(name, ' ', 2), id, 'staff',
              '{"name": null, "card_number": null, "privilege": 0, "group_id": null, "timezone_id": null, "has_pin": false}', '2020-01-01', 'test'
         from made`,
        [device.id],
      ),
    );
    const users = Array.from({ length: 10_000 }, (_, i) =>
      told(String(i + 1), { name: `User ${i}`, card: String(i + 1) }),
    );
    const first = await timed(() => detect(...users));
    expect(first.result).toMatchObject({ detected: 10_000, open: 10_000 });
    const second = await timed(() => detect(...users));
    expect(second.result).toEqual({ detected: 0, updated: 0, vanished: 0, open: 10_000 });
    // A bound that a slow machine keeps and a query per user does not.
    expect(first.durationMs + second.durationMs).toBeLessThan(20_000);
  });
});

async function timed<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly durationMs: number }> {
  const startedAt = performance.now();
  const result = await work();
  const durationMs = performance.now() - startedAt;
  return { result, durationMs };
}
