import { type Slot, slot } from '@app/kernel';
import { ZkFormatError } from './errors.js';
import { decodeSetLength, SET_LENGTH_BYTES } from './data-set.js';

/** A fingerprint template as the bulk read gives it. */
export interface TemplateRecord {
  readonly slot: Slot;
  /** 0 to 9 */
  readonly finger: number;
  /** 0 invalid, 1 valid, 3 duress */
  readonly flag: number;
  readonly template: Buffer;
}

/** What stands before each template. */
export const TEMPLATE_HEADER_BYTES = 6;

/** `u16 size of the whole record, u16 slot, u8 finger, u8 flag`, then the template. */
export function encodeTemplateRecord({ slot: owner, finger, flag, template }: TemplateRecord): Buffer {
  const record = Buffer.alloc(TEMPLATE_HEADER_BYTES + template.length);
  record.writeUInt16LE(record.length, 0);
  record.writeUInt16LE(owner, 2);
  record.writeUInt8(finger, 4);
  record.writeUInt8(flag, 5);
  template.copy(record, TEMPLATE_HEADER_BYTES);
  return record;
}

/** Walks a set by the sizes of its records. @throws {ZkFormatError} `zk/set` when a size leads out of the set */
export function decodeTemplateSet(set: Buffer): TemplateRecord[] {
  decodeSetLength(set);
  const records: TemplateRecord[] = [];
  for (let at = SET_LENGTH_BYTES; at < set.length;) {
    const left = set.length - at;
    const size = left >= TEMPLATE_HEADER_BYTES ? set.readUInt16LE(at) : 0;
    if (size < TEMPLATE_HEADER_BYTES || size > left) {
      throw new ZkFormatError(
        'zk/set',
        `A template record at byte ${at} announces ${size} bytes of ${left} that are left`,
      );
    }
    records.push(decodeTemplateRecord(set.subarray(at, at + size)));
    at += size;
  }
  return records;
}

/** A whole record; its template is a view. */
export function decodeTemplateRecord(record: Buffer): TemplateRecord {
  return {
    slot: slot(record.readUInt16LE(2)),
    finger: record[4],
    flag: record[5],
    template: record.subarray(TEMPLATE_HEADER_BYTES),
  };
}
