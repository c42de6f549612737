import { type Slot, slot } from '@app/kernel';
import { requireBytes, ZkFormatError } from './errors.js';
import { type TemplateRecord } from './template-record.js';
import { widthOf } from './user-patch.js';

/** One user with templates, as command 110 takes it out of the upload buffer. */
export interface UserUpload {
  readonly record: Buffer;
  /** In their order; all of them valid ones, since the table has no place for a flag. */
  readonly templates: readonly Pick<TemplateRecord, 'slot' | 'finger' | 'template'>[];
}

/** Flag of a template that a table of command 110 can carry: valid. */
export const UPLOADED_FLAG = 1;

const LENGTHS_BYTES = 12;
const MARK = 2;
const ENTRY_BYTES = 8;
const FINGER_BASE = 0x10;

/**
 * `u32 user bytes, u32 table bytes, u32 template bytes`, then `02` and the record, a table entry for each template
 * (`02, u16 slot, 10 + finger, u32 offset`), and each template with its `u16` length (zk-protocol 7.5).
 */
export function encodeUserUpload({ record, templates }: UserUpload): Buffer {
  const bodies = templates.map(({ template }) => withLength(template));
  let offset = 0;
  const table = templates.map(({ slot: owner, finger }, i) => {
    const entry = Buffer.from([MARK, 0, 0, FINGER_BASE + finger, 0, 0, 0, 0]);
    entry.writeUInt16LE(owner, 1);
    entry.writeUInt32LE(offset, 4);
    offset += bodies[i].length;
    return entry;
  });
  const lengths = Buffer.alloc(LENGTHS_BYTES);
  lengths.writeUInt32LE(1 + record.length, 0);
  lengths.writeUInt32LE(table.length * ENTRY_BYTES, 4);
  lengths.writeUInt32LE(offset, 8);
  return Buffer.concat([lengths, Buffer.from([MARK]), record, ...table, ...bodies]);
}

/**
 * Reads an upload of exactly one user, whose templates are all that user's.
 * @throws {ZkFormatError} `zk/truncated`, `zk/set`, `zk/record`: it is none
 */
export function decodeUserUpload(bytes: Buffer): UserUpload {
  requireBytes('An upload', bytes, LENGTHS_BYTES);
  const [userBytes, tableBytes, templateBytes] = [0, 4, 8].map((at) => bytes.readUInt32LE(at));
  if (LENGTHS_BYTES + userBytes + tableBytes + templateBytes !== bytes.length || tableBytes % ENTRY_BYTES !== 0) {
    throw new ZkFormatError('zk/set', `The lengths in an upload do not add up to its ${bytes.length} bytes`);
  }
  const table = LENGTHS_BYTES + userBytes;
  const record = bytes.subarray(LENGTHS_BYTES + 1, table);
  widthOf(record);
  const owner = slot(record.readUInt16LE(0));
  const block = bytes.subarray(table + tableBytes);
  const templates = Array.from({ length: tableBytes / ENTRY_BYTES }, (_, i) =>
    templateAt(bytes.subarray(table + i * ENTRY_BYTES), block, owner),
  );
  return { record, templates };
}

function templateAt(entry: Buffer, block: Buffer, owner: Slot): UserUpload['templates'][number] {
  const offset = entry.readUInt32LE(4);
  requireBytes('A template of an upload', block, 2, offset);
  const size = block.readUInt16LE(offset);
  requireBytes('A template of an upload', block, size, offset + 2);
  if (entry.readUInt16LE(1) !== owner) throw new ZkFormatError('zk/set', 'An upload has a template of somebody else');
  return {
    slot: owner,
    finger: entry[3] - FINGER_BASE,
    template: block.subarray(offset + 2, offset + 2 + size),
  };
}

function withLength(template: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16LE(template.length);
  return Buffer.concat([length, template]);
}
