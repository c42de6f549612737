import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId, type Slot } from '@app/kernel';
import { type UserRecord } from '@app/zk-protocol';
import { type CompleteUserRead, completeUserRead, type ReadProof } from './complete-user-read.js';
import { IncompleteReadError } from './device.errors.js';
import { type DeviceUser, type InvalidRecord } from './device-user.js';

/** What a driver has read, before anybody may believe it. */
export interface UnprovenRead extends Omit<ReadProof, 'records' | 'distinctUsers' | 'witness'> {
  readonly records: readonly UserRecord[];
}

/**
 * Believes a read only if all of this holds (safety design 2, docs/protocol/zk-bulk-read.md): what was announced was
 * received; the terminal's own counter was the same before and after; as many records came as it says; no slot and no
 * device user ID twice. Frames, reply numbers and the serial number have been checked by the driver.
 * @throws {IncompleteReadError} naming the two values that disagree
 */
export function proveUserRead(read: UnprovenRead, decodeName: (bytes: Buffer) => string): CompleteUserRead {
  const { records, ...rest } = read;
  requireAgreement(read);
  const users: DeviceUser[] = [];
  const invalid: InvalidRecord[] = [];
  const slots = new Set<Slot>();
  const owners = new Map<DeviceUserId, DeviceUser>();
  for (const record of records) {
    refuseKnownSlot(slots, record);
    if (!isPrintableUserId(record.userId)) {
      invalid.push(invalidRecordOf(record));
      continue;
    }
    const user = deviceUserOf(record, decodeName);
    refuseKnownId(owners, user);
    users.push(user);
  }
  return completeUserRead(users, invalid, {
    ...rest,
    records: records.length,
    distinctUsers: records.length,
    witness: 'fresh-counters',
  });
}

function requireAgreement({ records, counterBefore, counterAfter, announcedBytes, receivedBytes }: UnprovenRead): void {
  if (announcedBytes !== receivedBytes) {
    throw new IncompleteReadError(
      'size-mismatch',
      `The terminal announced ${announcedBytes} bytes of users and sent ${receivedBytes}; read it again`,
      { announcedBytes, receivedBytes },
    );
  }
  if (counterBefore !== counterAfter) {
    throw new IncompleteReadError(
      'counter-changed',
      `The terminal counted ${counterBefore} users before the read and ${counterAfter} after it: somebody is ` +
        'enrolling or deleting; read it again when they are done',
      { counterBefore, counterAfter },
    );
  }
  if (records.length !== counterBefore) {
    throw new IncompleteReadError(
      'counter-mismatch',
      `The terminal counts ${counterBefore} users and sent ${records.length}; read it again, and restart it if that repeats`,
      { counter: counterBefore, received: records.length },
    );
  }
}

function refuseKnownSlot(slots: Set<Slot>, { slot }: UserRecord): void {
  if (slots.has(slot)) {
    throw new IncompleteReadError('duplicate-slot', `The terminal sent slot ${slot} twice; read it again`, { slot });
  }
  slots.add(slot);
}

/** `007` and `7` are one ID (requirements, section 2): two records of it cannot both be believed. */
function refuseKnownId(owners: Map<DeviceUserId, DeviceUser>, user: DeviceUser): void {
  const other = owners.get(user.deviceUserId);
  if (other) {
    throw new IncompleteReadError(
      'duplicate-user-id',
      `The terminal holds user ID ${user.deviceUserId} twice, in slots ${other.slot} ("${other.rawUserId}") and ` +
        `${user.slot} ("${user.rawUserId}"); give one of them another ID at the terminal`,
      { deviceUserId: user.deviceUserId, slots: [other.slot, user.slot] },
    );
  }
  owners.set(user.deviceUserId, user);
}

/** A record as a user. */
export function deviceUserOf(record: UserRecord, decodeName: (bytes: Buffer) => string): DeviceUser {
  return {
    deviceUserId: canonicalDeviceUserId(record.userId),
    rawUserId: record.userId,
    slot: record.slot,
    details: {
      name: record.name.length === 0 ? null : decodeName(record.name),
      nameBytes: record.name,
      cardNumber: record.card === 0 ? null : String(record.card),
    },
    privilege: record.privilege,
    groupId: record.group,
    timezoneId: zonesOf(record),
    hasPin: record.password.length > 0,
  };
}

function zonesOf({ ownZones, zones }: UserRecord): string | null {
  const inForce = ownZones || (zones.length === 1 && zones[0] !== 0);
  return inForce ? zones.join(',') : null;
}

function invalidRecordOf({ slot, userId }: UserRecord): InvalidRecord {
  const reason = userId.trim() === '' ? 'it has no user ID' : 'its user ID is not printable ASCII';
  return { slot, reason };
}
