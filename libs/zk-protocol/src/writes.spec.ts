import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { slot } from '@app/kernel';
import {
  Command,
  decodeTemplateSet,
  decodeUserRecord,
  decodeUserUpload,
  encodeDisable,
  encodeFreeBuffer,
  encodeRefresh,
  encodeSaveUpload,
  encodeTcpPacket,
  encodeTemplateWrite,
  encodeUpload,
  encodeUserDelete,
  encodeUserUpload,
  encodeUserWrite,
  isReadOfWriteSession,
  isReadOrSessionCommand,
  isWriteOfOneUser,
  moveUserRecord,
  patchUserRecord,
  userBounds,
  type UserPatch,
  type UserRecordWidth,
  ZkFormatError,
} from '@app/zk-protocol';
import fc from 'fast-check';

/* eslint-disable typescript/no-explicit-any -- the vectors are a foreign document; each test names the fields it reads */
const file: any = JSON.parse(readFileSync('test/fixtures/zk/vectors.json', 'utf8'));
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const [mine] = file.vectors.template_dataset;
const templates = decodeTemplateSet(hex(mine.data));

describe('writes, against the vectors', () => {
  it.each(file.vectors.hr_upload as any[])(
    'an upload of a user of $user_record_width bytes with templates',
    (vector) => {
      const bytes = hex(vector.buffer);
      const { record } = decodeUserUpload(bytes);
      expect(record).toHaveLength(vector.user_record_width);
      expect(decodeUserUpload(bytes).templates).toEqual(
        templates.map(({ slot: owner, finger, template }) => ({ slot: owner, finger, template })),
      );
      expect(encodeUserUpload({ record, templates }).toString('hex')).toBe(vector.buffer);
      expect(encodeSaveUpload()).toMatchObject({ command: vector.command, data: hex(vector.command_data) });
    },
  );

  it('an upload without templates', () => {
    const record = Buffer.alloc(72, 7);
    const upload = encodeUserUpload({ record, templates: [] });
    expect(decodeUserUpload(upload)).toEqual({ record, templates: [] });
  });

  it('no upload of several users, of templates of others, or of other lengths', () => {
    const record = hex(file.vectors.user72[0].record);
    const owner = slot(record.readUInt16LE(0));
    const whole = encodeUserUpload({ record, templates: [{ slot: owner, finger: 1, template: Buffer.alloc(40, 1) }] });
    const two = Buffer.from(whole);
    two.writeUInt32LE(two.readUInt32LE(0) + 8, 0); // the table is taken for a second record
    two.writeUInt32LE(0, 4);
    const foreign = Buffer.from(whole);
    foreign.writeUInt16LE(owner + 1, 12 + 73 + 1);
    for (const bytes of [two, foreign, whole.subarray(0, -1), whole.subarray(0, 11), Buffer.concat([whole, whole])]) {
      expect(() => decodeUserUpload(bytes)).toThrow(ZkFormatError);
    }
  });

  it('the record of a user, changed as our layout has it and no third-party writer does', () => {
    const { writer_comparison: compared } = file;
    const blank = Buffer.alloc(72);
    blank.writeUInt16LE(9, 0);
    blank.write('99', 3);
    blank.write('909', 48);
    const patch: UserPatch = { name: Buffer.from('New'), privilege: 14, card: 77, group: 1 };
    expect(patchUserRecord(blank, patch).toString('hex')).toBe(compared.layout_of_this_document);
    for (const theirs of [compared.pyzk_0_9_1, compared.zkteco_js_1_7_2]) {
      // What another writer left behind is changed in nothing but what is to be changed.
      expect(patchUserRecord(hex(theirs), { name: Buffer.from('New') }).toString('hex')).toBe(theirs);
    }
  });

  it('the deletion of a user, byte for byte as pyzk sends it', () => {
    const exchange = file.exchanges.find(({ id }: any) => id === 'tcp-delete-user');
    const sent = exchange.steps.filter(({ from }: any) => from === 'client').map(({ tcp }: any) => tcp);
    const { session } = exchange;
    const writes = [encodeUserDelete(13), encodeRefresh()];
    expect(
      writes.map(({ command, data }, i) => encodeTcpPacket({ command, data, session, reply: i + 1 }).toString('hex')),
    ).toEqual(sent.slice(1, 3));
  });

  it('one template by itself, with its flag', () => {
    const [, duress] = templates;
    expect(encodeTemplateWrite(duress)).toMatchObject({ command: Command.TEMPLATE_WRITE, data: hex('0d0007032100') });
    const [announced, ...pieces] = encodeUpload(Buffer.alloc(2_500, 5));
    expect(announced.data).toEqual(hex('c4090000'));
    expect(pieces.map(({ data }) => data.length)).toEqual([1_024, 1_024, 452]);
  });
});

describe('what a write session may send', () => {
  const commands = Object.values(Command);
  const clears: readonly number[] = [14, 15, 20, 32, 33, 1005];
  const shapes = [
    Buffer.alloc(0),
    hex('00010000'),
    ...[1, 2, 3, 4, 6, 8, 25, 28, 72].map((bytes) => Buffer.alloc(bytes, 1)),
  ];

  it('is nothing that clears, whatever its data', () => {
    for (const command of clears) {
      for (const data of shapes) {
        expect([command, isWriteOfOneUser(command, data), isReadOfWriteSession(command, data)]).toEqual([
          command,
          false,
          false,
        ]);
      }
    }
  });

  it('is, of all commands and shapes of data, only the few that write one user', () => {
    const allowed = new Set<number>(
      commands.filter((command) => shapes.some((data) => isWriteOfOneUser(command, data))),
    );
    expect(allowed).toEqual(new Set([8, 18, 87, 1003, 1013, 1500, 1501, 1502]));
    expect(isWriteOfOneUser(110, encodeSaveUpload().data)).toBe(true);
    const others = Array.from({ length: 65_536 }, (_, code) => code).filter(
      (code) => !allowed.has(code) && code !== 110,
    );
    expect(others.filter((code) => shapes.some((data) => isWriteOfOneUser(code, data)))).toEqual([]);
  });

  it('is of each write its own shape alone', () => {
    expect(isWriteOfOneUser(8, Buffer.alloc(73, 1))).toBe(false);
    expect(isWriteOfOneUser(8, Buffer.alloc(72))).toBe(false); // slot 0
    expect(isWriteOfOneUser(18, Buffer.alloc(2))).toBe(false);
    expect(isWriteOfOneUser(18, Buffer.alloc(72, 1))).toBe(false);
    expect(isWriteOfOneUser(1003, Buffer.alloc(4))).toBe(false); // for ever
    expect(isWriteOfOneUser(1003, hex('2d010000'))).toBe(false); // longer than any write takes
    expect(isWriteOfOneUser(1003, Buffer.alloc(0))).toBe(false);
    expect(isWriteOfOneUser(1501, Buffer.alloc(1_025))).toBe(false);
    expect(isWriteOfOneUser(1500, hex('ffffff7f'))).toBe(false);
    expect(isWriteOfOneUser(87, hex('0d000a012800'))).toBe(false); // an eleventh finger
    expect(isWriteOfOneUser(110, Buffer.alloc(8))).toBe(false);
    expect(() => encodeUserWrite(Buffer.alloc(72))).toThrow(ZkFormatError);
    expect(() => encodeUserWrite(Buffer.alloc(71, 1))).toThrow(ZkFormatError);
  });

  it('has an encoder whose result it lets through', () => {
    const record = Buffer.alloc(28, 1);
    const writes = [
      encodeDisable(30),
      encodeUserWrite(record),
      encodeUserDelete(1),
      encodeSaveUpload(),
      encodeRefresh(),
    ];
    const all = [...writes, encodeFreeBuffer(), ...encodeUpload(record), encodeTemplateWrite(templates[0])];
    expect(all.filter(({ command, data }) => !isWriteOfOneUser(command, data))).toEqual([]);
    expect(writes.filter(({ command, data }) => isReadOrSessionCommand(command, data))).toEqual([]);
  });

  it('reads as a reader does, and lets people in again; it listens to no events', () => {
    expect(isReadOfWriteSession(1002, Buffer.alloc(0))).toBe(true);
    expect(isReadOfWriteSession(500, Buffer.alloc(4))).toBe(false);
    expect(isReadOfWriteSession(7, Buffer.from([2]))).toBe(true);
    expect(isReadOfWriteSession(7, Buffer.from([5]))).toBe(false);
    for (const command of commands) {
      for (const data of shapes) {
        const known = [500, 2000, 1002, 7].includes(command) || isReadOrSessionCommand(command, data);
        expect([command, isReadOfWriteSession(command, data) && !known]).toEqual([command, false]);
      }
    }
  });
});

describe('a patched record', () => {
  const FIELDS = {
    72: { privilege: [2, 3], pin: [3, 11], name: [11, 35], card: [35, 39], group: [39, 40], zones: [40, 48] },
    28: { privilege: [2, 3], pin: [3, 8], name: [8, 16], card: [16, 20], group: [21, 22], zones: [22, 24] },
  } as const;
  const bytes = (length: number): fc.Arbitrary<Buffer> =>
    fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
  const patches = (width: UserRecordWidth): fc.Arbitrary<UserPatch> => {
    const { nameBytes, zones } = userBounds(width);
    const text = fc.uint8Array({ maxLength: nameBytes, min: 1 }).map((array) => Buffer.from(array));
    return fc.record(
      {
        name: text,
        card: fc.nat({ max: 0xffff_ffff }),
        privilege: fc.nat({ max: 255 }),
        group: fc.nat({ max: 255 }),
        zones: fc.oneof(
          fc.constant([]),
          fc.array(fc.integer({ min: 1, max: 65_535 }), { minLength: zones, maxLength: zones }),
        ),
        pin: fc.constant('none' as const),
      },
      { requiredKeys: [] },
    );
  };

  it.each([72, 28] as const)('of %i bytes differs in the named fields alone, and reads as it was to be', (width) => {
    fc.assert(
      fc.property(bytes(width), patches(width), (record, patch) => {
        const original = Buffer.from(record);
        const patched = patchUserRecord(record, patch);
        expect(record.equals(original)).toBe(true);
        const outside = Buffer.from(patched);
        for (const field of Object.keys(patch) as (keyof UserPatch)[]) {
          const [from, to] = FIELDS[width][field];
          record.copy(outside, from, from, to);
        }
        expect(outside.equals(record)).toBe(true);
        const decoded = decodeUserRecord(patched, width);
        const { name, card, privilege, group, zones, pin } = patch;
        const before = decodeUserRecord(record, width);
        expect(decoded.name.equals(name ?? before.name)).toBe(true);
        expect(decoded).toMatchObject({
          card: card ?? before.card,
          privilege: privilege ?? before.privilege,
          group: group ?? before.group,
        });
        if (zones && zones.length > 0) expect(decoded.zones).toEqual(zones);
        if (width === 72 && zones) expect(decoded.ownZones).toBe(zones.length > 0);
        if (pin) expect(decoded.password).toHaveLength(0);
        expect(patchUserRecord(patched, patch).equals(patched)).toBe(true); // twice is once
      }),
      { numRuns: 500 },
    );
  });

  it('is refused where a value does not fit', () => {
    const record = Buffer.alloc(72, 1);
    const misfits: UserPatch[] = [
      { name: Buffer.alloc(24, 65) },
      { name: Buffer.from('a\0b') },
      { card: 0x1_0000_0000 },
      { card: -1 },
      { privilege: 256 },
      { group: 1.5 },
      { zones: [1] },
      { zones: [1, 2, 65_536] },
    ];
    for (const patch of misfits) expect(() => patchUserRecord(record, patch)).toThrow(ZkFormatError);
    expect(() => patchUserRecord(Buffer.alloc(16), {})).toThrow(ZkFormatError);
  });

  it('moves to another slot, and nothing else moves', () => {
    const record = Buffer.alloc(72, 1);
    const moved = moveUserRecord(record, 65_535);
    expect(decodeUserRecord(moved, 72).slot).toBe(65_535);
    expect(moved.subarray(2).equals(record.subarray(2))).toBe(true);
  });
});
