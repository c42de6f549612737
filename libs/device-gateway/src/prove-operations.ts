import { decodeOperationRecord, OPERATION_RECORD_BYTES } from '@app/zk-protocol';
import { IncompleteReadError } from './device.errors.js';
import { type DeviceOperation } from './device-operation.js';

/** What a driver has read of the operation log, before anybody may believe it. */
export interface UnprovenOperationRead {
  /** The records without the length word. */
  readonly bytes: Buffer;
  readonly announcedBytes: number;
  readonly receivedBytes: number;
  /** The terminal's counter of its operations, before and after; undefined: it does not tell it. */
  readonly counterBefore?: number;
  readonly counterAfter?: number;
}

/**
 * Believes a read of the operation log only if what was announced was received, it is a whole number of records, and as many as
 * the counter said before, or after, or in between: operators go on working while it is read.
 * @throws {IncompleteReadError} naming the values that disagree
 */
export function proveOperations(read: UnprovenOperationRead): readonly DeviceOperation[] {
  const { bytes, announcedBytes, receivedBytes } = read;
  if (announcedBytes !== receivedBytes) {
    throw new IncompleteReadError(
      'size-mismatch',
      `The terminal announced ${announcedBytes} bytes of operations and sent ${receivedBytes}; read it again`,
      { announcedBytes, receivedBytes },
    );
  }
  if (bytes.length % OPERATION_RECORD_BYTES !== 0) {
    throw new IncompleteReadError(
      'record-width',
      `The terminal sent ${bytes.length} bytes of operations, which is no whole number of ` +
        `${OPERATION_RECORD_BYTES}-byte records; read it again`,
      { total: bytes.length },
    );
  }
  const count = bytes.length / OPERATION_RECORD_BYTES;
  requireCount(count, read);
  return Array.from({ length: count }, (_, i) => operationAt(bytes, i * OPERATION_RECORD_BYTES));
}

function requireCount(count: number, { counterBefore, counterAfter }: UnprovenOperationRead): void {
  if (counterBefore === undefined || counterAfter === undefined) return;
  if (counterAfter < counterBefore) {
    throw new IncompleteReadError(
      'counter-changed',
      `The terminal counted ${counterBefore} operations before the read and ${counterAfter} after it: somebody cleared ` +
        'its log meanwhile; read it again',
      { counterBefore, counterAfter },
    );
  }
  if (count >= counterBefore && count <= counterAfter) return;
  const counted = counterBefore === counterAfter ? String(counterBefore) : `${counterBefore} to ${counterAfter}`;
  throw new IncompleteReadError(
    'counter-mismatch',
    `The terminal counts ${counted} operations and sent ${count}; read it again`,
    { counterBefore, counterAfter, received: count },
  );
}

function operationAt(bytes: Buffer, offset: number): DeviceOperation {
  const { time, operation, administrator, parameters } = decodeOperationRecord(bytes, offset);
  return { wallTime: time, operation, operator: administrator, parameters };
}
