import { canonicalDeviceUserId, type DeviceUserId, isPrintableUserId } from '@app/kernel';
import { decodePunchRecord, type PunchRecord, type PunchRecordWidth } from '@app/zk-protocol';
import { type CompletePunchRead, completePunchRead, type PunchReadProof } from './complete-punch-read.js';
import { type CompleteUserRead } from './complete-user-read.js';
import { IncompleteReadError } from './device.errors.js';
import { type DevicePunch } from './device-punch.js';

const WIDTHS: readonly PunchRecordWidth[] = [40, 16, 8, 49];

/** What a driver has read of the log, before anybody may believe it. */
export interface UnprovenPunchRead extends Omit<PunchReadProof, 'records' | 'recordWidthBytes'> {
  /** The records without the length word. */
  readonly bytes: Buffer;
}

/**
 * Believes a read of the log only if what was announced was received, and the bytes are as many whole records as the
 * terminal's counter said before, or after, or in between: people punch while it is read, and nothing is taken away.
 * `users` gives the IDs where the records hold slots only.
 * @throws {IncompleteReadError} naming the values that disagree
 */
export function provePunchRead(read: UnprovenPunchRead, users: CompleteUserRead): CompletePunchRead {
  const { bytes, ...rest } = read;
  const { announcedBytes, receivedBytes, counterBefore, counterAfter } = read;
  if (announcedBytes !== receivedBytes) {
    throw new IncompleteReadError(
      'size-mismatch',
      `The terminal announced ${announcedBytes} bytes of punches and sent ${receivedBytes}; read it again`,
      { announcedBytes, receivedBytes },
    );
  }
  if (counterAfter < counterBefore) {
    throw new IncompleteReadError(
      'counter-changed',
      `The terminal counted ${counterBefore} punches before the read and ${counterAfter} after it: somebody cleared ` +
        'its log meanwhile; read it again',
      { counterBefore, counterAfter },
    );
  }
  const width = punchRecordWidth(bytes.length, counterBefore, counterAfter);
  const records = Array.from({ length: bytes.length / width }, (_, i) => decodePunchRecord(bytes, width, i * width));
  const owners = new Map(users.users.map(({ slot, deviceUserId }) => [slot ?? 0, deviceUserId]));
  return completePunchRead(
    records.map((record) => devicePunchOf(record, width, owners)),
    { ...rest, records: records.length, recordWidthBytes: width },
    records.map(({ raw }) => raw),
  );
}

/** The transport does not tell how wide the records are; the counter does. */
function punchRecordWidth(total: number, before: number, after: number): PunchRecordWidth {
  if (total === 0 && before === 0) return WIDTHS[0];
  const width = WIDTHS.find((each) => total % each === 0 && total / each >= before && total / each <= after);
  if (width !== undefined && total > 0) return width;
  const counted = before === after ? String(before) : `${before} to ${after}`;
  throw new IncompleteReadError(
    'counter-mismatch',
    `The terminal counts ${counted} punches and sent ${total} bytes of them, which is no such number of ` +
      `${WIDTHS.join('-, ')}-byte records; read it again`,
    { counterBefore: before, counterAfter: after, total },
  );
}

/** In 16-byte records the vendor's order is state, mode; elsewhere it is mode, state (zk-protocol 9.2). */
function devicePunchOf(
  record: PunchRecord,
  width: PunchRecordWidth,
  owners: ReadonlyMap<number, DeviceUserId>,
): DevicePunch {
  const [verifyMode, state] = width === 16 ? [record.second, record.first] : [record.first, record.second];
  const deviceUserId =
    record.userId !== undefined && isPrintableUserId(record.userId)
      ? canonicalDeviceUserId(record.userId)
      : (owners.get(record.slot ?? 0) ?? (`slot:${record.slot ?? 0}` as DeviceUserId));
  return {
    deviceUserId,
    slot: record.slot,
    wallTime: record.time,
    verifyMode,
    state,
    workCode: record.workCode ?? null,
  };
}
