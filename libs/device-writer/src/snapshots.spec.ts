import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type AifaceUser, decodeAifaceUser, encodeAifaceUser } from './aiface/aiface-snapshot.js';
import { BadSnapshotError } from './device-writer.errors.js';
import { decodeZkUser, encodeZkUser, type ZkUser, zkSnapshot } from './zk/zk-snapshot.js';

const bytes = (min: number, max: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: min, maxLength: max }).map((array) => Buffer.from(array));
const zkUser: fc.Arbitrary<ZkUser> = fc.record({
  depth: fc.constantFrom('attributes' as const, 'everything' as const),
  record: fc.oneof(bytes(72, 72), bytes(28, 28)),
  templates: fc
    .uniqueArray(fc.record({ finger: fc.nat({ max: 9 }), flag: fc.nat({ max: 255 }), template: bytes(0, 50) }), {
      selector: ({ finger }) => finger,
    })
    .map((templates) => templates.toSorted((a, b) => a.finger - b.finger)),
});
const aifaceUser: fc.Arbitrary<AifaceUser> = fc.record({
  depth: fc.constant('everything' as const),
  rawEnrollId: fc.nat().map(String),
  name: fc.string({ unit: 'grapheme' }),
  admin: fc.nat({ max: 2 }),
  profile: fc.option(fc.record({ enable: fc.nat({ max: 1 }), department: fc.string() }, { requiredKeys: [] })),
  fingerprintAlgorithm: fc.option(fc.string()),
  credentials: fc
    .uniqueArray(fc.record({ backupNumber: fc.nat({ max: 51 }), record: fc.oneof(fc.nat(), fc.string()) }), {
      selector: ({ backupNumber }) => backupNumber,
    })
    .map((credentials) => credentials.toSorted((a, b) => a.backupNumber - b.backupNumber)),
});

describe('the canonical bytes of a user', () => {
  it('of a ZK terminal are read again as the same', () => {
    fc.assert(
      fc.property(zkUser, (user) => {
        expect(decodeZkUser(encodeZkUser(user))).toEqual(user);
      }),
    );
  });

  it('of an AiFace terminal are read again as the same', () => {
    fc.assert(
      fc.property(aifaceUser, (user) => {
        expect(encodeAifaceUser(decodeAifaceUser(encodeAifaceUser(user))).equals(encodeAifaceUser(user))).toBe(true);
        expect(decodeAifaceUser(encodeAifaceUser(user)).credentials).toEqual(user.credentials);
      }),
    );
  });

  it('are the same whatever the order of what they hold', () => {
    const finger = (number: number): ZkUser['templates'][number] => {
      return { finger: number, flag: 1, template: Buffer.from([number]) };
    };
    const user = { depth: 'everything' as const, record: Buffer.alloc(72, 1) };
    const one = encodeZkUser({ ...user, templates: [finger(1), finger(2)] });
    expect(encodeZkUser({ ...user, templates: [finger(2), finger(1)] }).equals(one)).toBe(true);
  });

  it('are refused with a byte changed, cut, or of the other protocol, and the error shows nothing of them', () => {
    const secret = '87654321';
    const record = Buffer.alloc(72, 1);
    record.write(secret, 3);
    const zk = encodeZkUser({ depth: 'everything', record, templates: [] });
    const shown = (decode: () => unknown): string => {
      try {
        decode();
        return 'decoded';
      } catch (error) {
        expect(error).toBeInstanceOf(BadSnapshotError);
        return `${String(error)} ${String((error as Error).cause)}`;
      }
    };
    expect(shown(() => decodeAifaceUser(zk))).toMatch(/no snapshot of a user of protocol aiface/);
    for (let length = 0; length < zk.length; length += 1)
      expect(shown(() => decodeZkUser(zk.subarray(0, length)))).not.toContain(record.toString('base64').slice(4, 12));
    for (const change of ['"depth":"nothing"', '"format":"holdfast-user/2"', '"templates":[{}]', '"record":"AAAA"'])
      expect(shown(() => decodeZkUser(Buffer.from(zk.toString().replace(/"depth":"everything"/, change))))).toMatch(
        /no snapshot/,
      );
    for (const change of [
      '"name":5',
      '"enrollid":5',
      '"enrollid":"x"',
      '"admin":"1"',
      '"credentials":[5]',
      '"profile":[]',
    ])
      expect(
        shown(() => decodeAifaceUser(Buffer.from(`{"format":"holdfast-user/1","protocol":"aiface",${change}}`))),
      ).toMatch(/no snapshot/);
  });

  it('have the PIN, and its mark has nothing of it', () => {
    const record = Buffer.alloc(72);
    record.writeUInt16LE(5, 0);
    record.write('4471', 3);
    record.write('9005', 48);
    const { credentials } = zkSnapshot({ depth: 'everything', record, templates: [] }, 'utf-8');
    expect(credentials).toEqual([{ kind: 'pin', index: 0, digest: '' }]);
  });
});
