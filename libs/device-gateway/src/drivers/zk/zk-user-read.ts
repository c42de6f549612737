import { decodeUserSet, type FreeSizes, type UserRecord, type UserRecordWidth } from '@app/zk-protocol';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { type ReadOptions } from '../../device-reader.js';
import { type AddressTarget } from '../../device-target.js';
import { nameDecoder } from '../../name-encoding.js';
import { proveUserRead } from '../../prove.js';
import { type BulkSet } from './bulk-read.js';
import { userRecordWidth } from './user-width.js';
import { readFreeSizes } from './zk-session.js';
import { recordsOf, USERS, type ZkSets } from './zk-sets.js';

/** A proven list of users, with the records that it was made of. */
export interface ZkUserRead {
  readonly read: CompleteUserRead;
  /** Every record, unusable ones included. */
  readonly records: readonly UserRecord[];
  /** Undefined: there are no records to tell it. */
  readonly width: UserRecordWidth | undefined;
  /** As they were after the read. */
  readonly counters: FreeSizes;
}

/**
 * Counts, reads all records, counts again, and proves that these belong together.
 * @throws {IncompleteReadError} @throws {DeviceError}
 */
export async function readProvenUsers(
  sets: ZkSets,
  serialNumber: string,
  { driver, transport, encoding }: AddressTarget,
  { onProgress }: ReadOptions = {},
): Promise<ZkUserRead> {
  const startedAt = performance.now();
  onProgress?.({ stage: 'counting', receivedBytes: 0 });
  const { users: counterBefore } = await readFreeSizes(sets.channel);
  const set = await sets.read(USERS, (progress) => onProgress?.({ stage: 'reading', ...progress }));
  onProgress?.({ stage: 'proving', receivedBytes: set.bytes.length, totalBytes: set.announcedBytes });
  const counters = await readFreeSizes(sets.channel);
  const { users: counterAfter } = counters;
  if (counterBefore === counterAfter) await sets.requireOrder(set, USERS);
  const { width, records } = decodeRecords(set, counterBefore, counterAfter);
  const unproven = {
    records,
    counterBefore,
    counterAfter,
    announcedBytes: set.announcedBytes,
    receivedBytes: set.bytes.length,
    recordWidthBytes: width,
    serialNumber,
    driver,
    transport,
    durationMs: Math.round(performance.now() - startedAt),
  };
  const read = proveUserRead(unproven, nameDecoder(encoding));
  return { read, records, width: records.length > 0 ? width : undefined, counters };
}

function decodeRecords(
  set: BulkSet,
  counterBefore: number,
  counterAfter: number,
): { width: UserRecordWidth; records: UserRecord[] } {
  if (set.bytes.length === 0) return { width: 72, records: [] };
  const total = recordsOf(set, USERS).length;
  // A counter that moved is told as that by the proof, not here as a width that does not fit.
  if (counterBefore !== counterAfter) return { width: 72, records: [] };
  const width = userRecordWidth(total, counterBefore);
  return { width, records: decodeUserSet(set.bytes, width) };
}
