import { describe, expect, it } from '@jest/globals';
import {
  type Credential,
  type CredentialKind,
  credentialKind,
  decodeCredential,
  decodeInbound,
  decodeListedCredential,
  enrollIdForWire,
  enrollIdOf,
  foldCredentials,
  type ListedCredential,
  parseFields,
} from '@app/aiface-protocol';
import { canonicalDeviceUserId } from '@app/kernel';
import fc from 'fast-check';
import { anyText, BEYOND_JSON, codeOf, enrollId, hear, hearKind, SERIAL } from '@test/support';

describe('a credential', () => {
  const record = fc.oneof(anyText, fc.string({ unit: 'grapheme' }), fc.maxSafeInteger());
  const fields = { enrollid: 31, name: 'x', backupnum: 0, admin: 0, record: 'c5' };

  it('keeps its record as it is, with its JSON type, and whatever else was told', () => {
    const decoded = ['cmd', 'ret', 'sn', 'result', ...Object.keys(fields)];
    const extra = fc.dictionary(
      fc.string().filter((key) => !decoded.includes(key.trim())),
      fc.oneof(anyText, fc.integer(), fc.constant(null), fc.array(fc.integer())),
    );
    const told = fc.record({
      enrollid: enrollId.map(enrollIdForWire),
      name: anyText,
      backupnum: fc.nat({ max: 99 }),
      admin: fc.nat({ max: 2 }),
      record,
    });
    fc.assert(
      fc.property(told, extra, (told, extra) => {
        const { credential } = hearKind('enrolment', { ...extra, cmd: 'senduser', sn: SERIAL, ...told });
        expect(credential.record).toBe(told.record);
        expect(Object.entries(credential.extra)).toEqual(Object.entries({ ...extra }));
        expect(credential).toMatchObject({
          enrollId: enrollIdOf(told.enrollid),
          rawEnrollId: String(told.enrollid),
          name: told.name,
          backupNumber: told.backupnum,
          admin: told.admin,
        });
      }),
    );
  });

  it.each(['9007199254740993', '12345678901234567890', '1e400'])(
    'whose record is the number %s, which JSON does not hold, is not kept as another number',
    (number) => {
      const read = (): Credential => decodeCredential(parseFields(`{"enrollid":31,"backupnum":11,"record":${number}}`));
      expect(codeOf(read)).toBe('bad-field');
    },
  );

  it('is read with padded keys and numbers as texts', () => {
    const padded = { ' enrollid': '00000031', 'name ': 7, ' backupnum ': '11', 'admin ': '1', ' record': 2352253 };
    expect(decodeCredential({ ...padded, ' fpflag ': 0 })).toEqual({
      enrollId: '31',
      rawEnrollId: '00000031',
      name: '7',
      backupNumber: 11,
      admin: 1,
      record: 2352253,
      extra: { ' fpflag ': 0 },
    });
    expect(decodeCredential({ enrollid: 31, backupnum: 10, record: 40711 })).toMatchObject({ name: '', admin: 0 });
  });

  it.each([
    ['enrollid', undefined, 'bad-field'],
    ['enrollid', 'A1', 'bad-field'],
    ['enrollid', BEYOND_JSON, 'bad-field'],
    ['backupnum', undefined, 'bad-field'],
    ['backupnum', -1, 'bad-field'],
    ['backupnum', 100, 'bad-field'],
    ['backupnum', 1.5, 'bad-field'],
    ['backupnum', 'x', 'bad-field'],
    ['backupnum', null, 'bad-field'],
    ['backupnum', [0], 'bad-field'],
    ['record', undefined, 'missing-field'],
    ['record', null, 'missing-field'],
    ['record', true, 'missing-field'],
    ['record', ['c5'], 'missing-field'],
    ['record', { c: 5 }, 'missing-field'],
  ])('is refused with the %s %j: %s', (key, value, code) => {
    expect(codeOf(() => decodeCredential({ ...fields, [key]: value }))).toBe(code);
  });

  it('that is none is told without its contents', () => {
    const { problem } = hearKind('other', { ...fields, cmd: 'senduser', record: 'TEMPLATE', backupnum: 100 });
    expect(problem).toMatch(/number 100/);
    expect(problem).not.toMatch(/TEMPLATE/);
    expect(hear({ ...fields, cmd: 'senduser', record: [40711] })).toEqual({
      kind: 'other',
      command: 'senduser',
      problem: 'A credential of user 31 has no record',
    });
  });

  it.each([
    ['an object that makes no text', '{"toString":null}'],
    ['a list of such', '[{"toString":1}]'],
    ['nested deeply', `${'['.repeat(20_000)}${']'.repeat(20_000)}`],
  ])('is refused with our own error where its number is %s', (_, number) => {
    for (const record of ['"c5"', 'null']) {
      const inbound = decodeInbound(`{"cmd":"senduser","enrollid":31,"backupnum":${number},"record":${record}}`);
      expect(inbound).toMatchObject({ kind: 'other', command: 'senduser', problem: expect.any(String) });
    }
  });

  it('is of the kind that its number says', () => {
    const numbers = Array.from({ length: 100 }, (_, number) => number);
    const expected: [CredentialKind, number[]][] = [
      ['fingerprint', [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]],
      ['pin', [10]],
      ['card', [11]],
      ['face', [20, 21, 22, 23, 24, 25, 26, 27, 51]],
      ['palm', [30, 31, 32, 33, 34, 35, 36, 37, 40, 41]],
      ['photo', [50]],
    ];
    const known = new Map(expected.flatMap(([kind, numbers]) => numbers.map((number) => [number, kind])));
    expect(numbers.map(credentialKind)).toEqual(numbers.map((number) => known.get(number) ?? 'other'));
  });
});

describe('a user list', () => {
  it('has credentials, or users alone where it tells no credentials', () => {
    expect(decodeListedCredential({ ' enrollid ': '00000012', admin: '1', 'backupnum ': '50' })).toEqual({
      enrollId: '12',
      rawEnrollId: '00000012',
      admin: 1,
      backupNumber: 50,
    });
    for (const entry of [12, '0012', { enrollid: 12 }]) {
      expect(decodeListedCredential(entry)).toMatchObject({
        enrollId: '12',
        admin: undefined,
        backupNumber: undefined,
      });
    }
  });

  it.each([[{}], [null], [-1], ['A1'], [[12]], [{ enrollid: null }], [{ enrollid: 12, backupnum: 100 }]])(
    'has no entry %j',
    (entry) => {
      expect(codeOf(() => decodeListedCredential(entry))).toBe('bad-field');
    },
  );

  it('has no entry whose number is null, which is not the same as not told', () => {
    expect(codeOf(() => decodeListedCredential({ enrollid: 12, backupnum: null }))).toBe('bad-field');
  });

  it('has no entry whose number makes no text', () => {
    expect(codeOf(() => decodeListedCredential({ enrollid: 12, backupnum: { toString: null } }))).toBe('bad-field');
  });

  it('is gathered by user, in the order of the first entries, with the highest role', () => {
    const entry: fc.Arbitrary<ListedCredential> = fc.record({
      enrollId: fc.nat({ max: 8 }).map((id) => canonicalDeviceUserId(String(id))),
      rawEnrollId: fc.constantFrom('7', '07', '007'),
      admin: fc.option(fc.nat({ max: 2 }), { nil: undefined }),
      backupNumber: fc.option(fc.nat({ max: 51 }), { nil: undefined }),
    });
    fc.assert(
      fc.property(fc.array(entry), (entries) => {
        const users = foldCredentials(entries);
        expect(users.map(({ enrollId }) => enrollId)).toEqual([...new Set(entries.map(({ enrollId }) => enrollId))]);
        for (const user of users) {
          const own = entries.filter(({ enrollId }) => enrollId === user.enrollId);
          const roles = own.flatMap(({ admin }) => admin ?? []);
          expect(user.rawEnrollId).toBe(own[0].rawEnrollId);
          expect(user.backupNumbers).toEqual(own.flatMap(({ backupNumber }) => backupNumber ?? []));
          expect(user.admin).toBe(roles.length === 0 ? undefined : Math.max(...roles));
        }
      }),
    );
  });
});
