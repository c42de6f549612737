import { describe, expect, it } from '@jest/globals';
import {
  AifaceFormatError,
  type Answer,
  booleanField,
  type Credential,
  type CredentialKind,
  credentialKind,
  decodeCapacity,
  decodeCounters,
  decodeCredential,
  decodeInbound,
  decodeListedCredential,
  decodeLogRecord,
  decodePage,
  DESTRUCTIVE_COMMANDS,
  encodeAnswer,
  encodeReadCommand,
  enrollIdForWire,
  enrollIdOf,
  field,
  type Fields,
  foldCredentials,
  type Inbound,
  integerField,
  isAlarming,
  isReadOrSessionMessage,
  listField,
  type ListedCredential,
  type LogRecord,
  type Page,
  PageCollector,
  PagingError,
  parseFields,
  READ_COMMANDS,
  type ReadCommand,
  textField,
  WRITE_COMMANDS,
} from '@app/aiface-protocol';
import { canonicalDeviceUserId, parseWallTime } from '@app/kernel';
import fc from 'fast-check';

const SERIAL = 'TSTA26010001';
const BEYOND_JSON = Number.MAX_SAFE_INTEGER + 1;
const anyText = fc.string({ unit: 'binary' });
const plainKey = fc.string().filter((key) => key !== '__proto__');
const digits = fc.stringMatching(/^[0-9]{1,30}$/);
const enrollId = digits.map(canonicalDeviceUserId);
/** Every text of these is a little like JSON, and some are. */
const almostJson = fc
  .array(fc.constantFrom('{', '}', '[', ']', ',', ':', '"', '"a":', '"cmd":"reg"', '1', '-', ' ', '\\', 'null'))
  .map((parts) => parts.join(''));

function codeOf(read: () => unknown): string {
  try {
    return `read ${JSON.stringify(read())}`;
  } catch (error) {
    if (error instanceof AifaceFormatError) return error.code;
    throw error;
  }
}

/** One message of a terminal, as it comes. */
function hear(message: object): Inbound {
  return decodeInbound(JSON.stringify(message));
}

function hearKind<K extends Inbound['kind']>(kind: K, message: object): Extract<Inbound, { kind: K }> {
  const inbound = hear(message);
  expect(inbound.kind).toBe(kind);
  return inbound as Extract<Inbound, { kind: K }>;
}

describe('a message', () => {
  /** JSON with a comma before every bracket that closes something. */
  const withCommas = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return JSON.stringify(value);
    const parts = Array.isArray(value)
      ? value.map(withCommas)
      : Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}: ${withCommas(inner)}`);
    const inside = parts.map((part) => `${part}, `).join('');
    return Array.isArray(value) ? `[${inside}]` : `{${inside}}`;
  };

  it('may have a comma before its closing brackets', () => {
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.oneof(fc.integer(), fc.boolean(), fc.constant(null), anyText),
        fc.array(tie('tree')),
        fc.dictionary(plainKey, tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(plainKey, tree, { noNullPrototype: true }), (message) => {
        expect(parseFields(withCommas(message))).toEqual(message);
      }),
    );
  });

  it('may have blanks around its keys and names, numbers as texts, and one object where a list belongs', () => {
    const text = `{" cmd ":" sendlog ","sn ":" ${SERIAL} "," count":"1","logindex":" 7 ",
      "record":{"enrollid ":" 0012 ","time":" 2026-01-28 08:02:11 ","mode":"8"," inout":"1","event":"0",},}`;
    expect(decodeInbound(text)).toEqual({
      kind: 'punches',
      serialNumber: SERIAL,
      batch: {
        records: [
          {
            kind: 'punch',
            enrollId: '12',
            time: parseWallTime('2026-01-28 08:02:11'),
            mode: 8,
            inOut: 1,
            event: 0,
          },
        ],
        unreadable: [],
        count: 1,
        logIndex: 7,
      },
    });
  });

  it.each([
    ['', 'not-json'],
    ['<html>', 'not-json'],
    ['GET / HTTP/1.1\r\n\r\n', 'not-json'],
    ['\u0000Z\u0001\ufffd\ufffd', 'not-json'],
    ['{"cmd":"reg"', 'not-json'],
    ["{'cmd':'reg'}", 'not-json'],
    ['{cmd:"reg"}', 'not-json'],
    ['{"cmd":"reg"}{"cmd":"reg"}', 'not-json'],
    ['{"cmd":"reg"} // and more', 'not-json'],
    ['{"cmd":"reg",,}', 'not-json'],
    ['{,}', 'not-json'],
    ['{"cmd":}', 'not-json'],
    ['{"cmd" "reg"}', 'not-json'],
    ['{"enrollid":0012}', 'not-json'],
    ['{"cmd":"r\neg"}', 'not-json'],
    ['\ufeff{"cmd":"reg"}', 'not-json'],
    ['null', 'not-an-object'],
    ['12', 'not-an-object'],
    ['"reg"', 'not-an-object'],
    ['[{"cmd":"reg"}]', 'not-an-object'],
    ['[{"cmd":"reg"},]', 'not-an-object'],
    ['{}', 'no-command'],
    ['{"cmd":"  "}', 'no-command'],
    ['{"cmd":null,"ret":{}}', 'no-command'],
    ['{"cmd":["reg"]}', 'no-command'],
    ['{"CMD":"reg"}', 'no-command'],
  ])('is refused where it is %j: %s', (text, code) => {
    expect(codeOf(() => decodeInbound(text))).toBe(code);
  });

  it('of any bytes is read or refused with our own error', () => {
    const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('utf8'));
    fc.assert(
      fc.property(fc.oneof(bytes, anyText, almostJson), (text) => {
        codeOf(() => decodeInbound(text));
      }),
      { numRuns: 3_000 },
    );
  });

  it('of any fields is read or refused with our own error', () => {
    const key = fc.constantFrom('cmd', 'ret', 'sn', 'record', 'enrollid', 'backupnum', 'devinfo', 'count', 'result');
    const value = fc.oneof(
      fc.constantFrom('reg', 'sendlog', 'senduser', 'getuserinfo', SERIAL),
      fc.jsonValue(),
      fc.double(),
    );
    fc.assert(
      fc.property(fc.dictionary(key, value), (message) => {
        codeOf(() => hear(message));
      }),
      { numRuns: 3_000 },
    );
  });

  it('is not read where anything but such commas keeps it from being JSON', () => {
    fc.assert(
      fc.property(almostJson, (text) => {
        if (codeOf(() => parseFields(text)).startsWith('read ')) {
          expect(() => JSON.parse(text.replaceAll(/,(\s*[}\]])/g, '$1')) as unknown).not.toThrow();
        }
      }),
      { numRuns: 3_000 },
    );
  });

  it.each([
    ['open', '['.repeat(500_000)],
    ['open objects', '{"cmd":'.repeat(500_000)],
    ['closed, with a comma', `${'['.repeat(500_000)}${']'.repeat(500_000)},`],
  ])('of nothing but brackets is refused: %s', (_, text) => {
    expect(codeOf(() => decodeInbound(text))).toBe('not-json');
  });

  it('may be nested as deeply as it likes where nobody looks', () => {
    const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
    expect(decodeInbound(`{"cmd":"checklive","note":${deep}}`)).toEqual({ kind: 'other', command: 'checklive' });
  });

  it('cannot give anything a key that it did not have', () => {
    for (const comma of ['', ',']) {
      const fields = parseFields(
        `{"__proto__":{"cmd":"reg","polluted":1},"constructor":{"prototype":{"a":1}}${comma}}`,
      );
      expect(field(fields, 'cmd')).toBeUndefined();
      expect(field(fields, 'hasOwnProperty')).toBeUndefined();
      expect(codeOf(() => decodeInbound(`{"__proto__":{"cmd":"checklive"}${comma}}`))).toBe('no-command');
    }
    expect(({} as Fields).polluted).toBeUndefined();
    expect(({} as Fields).a).toBeUndefined();
  });

  it('says what it answers, whether it went well, and why not', () => {
    const reply = '{"ret":"getuserinfo ","result":"0","reason":"1","msg":"have no data","sn":"é"}';
    expect(decodeInbound(reply)).toEqual({
      kind: 'reply',
      serialNumber: 'é',
      command: 'getuserinfo',
      ok: false,
      reason: 1,
      text: 'have no data',
      fields: JSON.parse(reply) as unknown,
      bytes: Buffer.byteLength(reply),
    });
    expect(hearKind('reply', { ret: 'gettime', time: '2026-01-28 08:10:00' }).ok).toBeUndefined();
  });
});

describe('a field', () => {
  it('is the one with exactly its key, before one that is padded', () => {
    expect(field({ ' a ': 1, a: 2 }, 'a')).toBe(2);
    expect(field({ '\ta ': 1, b: 2 }, 'a')).toBe(1);
    expect(field({ 'a b': 1 }, 'a')).toBeUndefined();
    expect(field({ a: undefined }, 'a')).toBeUndefined();
  });

  it.each([
    [12, 12],
    [-3, -3],
    ['12', 12],
    [' -3 ', -3],
    ['0012', 12],
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [String(Number.MAX_SAFE_INTEGER), Number.MAX_SAFE_INTEGER],
    [BEYOND_JSON, undefined],
    [String(BEYOND_JSON), undefined],
    ['12345678901234567', undefined],
    [1.5, undefined],
    ['1.5', undefined],
    ['1e3', undefined],
    ['0x10', undefined],
    ['', undefined],
    [' ', undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [true, undefined],
    [null, undefined],
    [[12], undefined],
    [{}, undefined],
  ])('of %j is the whole number %j', (value, expected) => {
    expect(integerField({ n: value }, 'n')).toBe(expected);
  });

  it.each([
    [[true, 1, 'true', '1'], true],
    [[false, 0, 'false', '0'], false],
    [[undefined, null, 2, '', 'yes', 'TRUE', [], {}], undefined],
  ])('of %j is %s', (values, expected) => {
    for (const value of values) expect(booleanField({ result: value }, 'result')).toBe(expected);
  });

  it('is a text also where it is a number, and a list also where it is one object', () => {
    expect([12, 'x', '', null, true, [], {}].map((sn) => textField({ sn }, 'sn'))).toEqual([
      '12',
      'x',
      '',
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect([[1, null], { a: 1 }, [], 'x', 1, null].map((record) => listField({ record }, 'record'))).toEqual([
      [1, null],
      [{ a: 1 }],
      [],
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('an enrollid', () => {
  it.each([
    [12, '12'],
    ['12', '12'],
    ['00000012', '12'],
    [' 012 ', '12'],
    [0, '0'],
    [-0, '0'],
    ['000', '0'],
    ['999999999999', '999999999999'],
    [Number.MAX_SAFE_INTEGER, '9007199254740991'],
    ['9007199254740993', '9007199254740993'],
    ['9'.repeat(30), '9'.repeat(30)],
  ])('%j is user %s', (value, expected) => {
    expect(enrollIdOf(value)).toBe(expected);
  });

  it.each([
    BEYOND_JSON,
    1e21,
    Number.POSITIVE_INFINITY,
    -1,
    1.5,
    '9'.repeat(31),
    '',
    ' ',
    '-1',
    '+1',
    '1.5',
    '1e3',
    '0x10',
    '1 2',
    'A1',
    '١٢',
    '１２',
    null,
    undefined,
    true,
    [12],
    { enrollid: 12 },
  ])('%j is nobody', (value) => {
    expect(enrollIdOf(value)).toBeUndefined();
  });

  it('is refused as a number beyond 2^53, whose last digits are lost, and read as a text', () => {
    const punch = '"time":"2026-01-28 08:02:11"';
    const batchOf = (id: string): Inbound => decodeInbound(`{"cmd":"sendlog","record":[{"enrollid":${id},${punch}}]}`);
    expect(batchOf('9007199254740993')).toMatchObject({ batch: { records: [], unreadable: [expect.anything()] } });
    expect(batchOf('"9007199254740993"')).toMatchObject({ batch: { records: [{ enrollId: '9007199254740993' }] } });
  });

  it('is the same with and without leading zeros', () => {
    fc.assert(
      fc.property(digits, fc.nat({ max: 29 }), (id, zeros) => {
        const padded = id.padStart(Math.min(30, id.length + zeros), '0');
        expect(enrollIdOf(padded)).toBe(canonicalDeviceUserId(id));
        expect(enrollIdOf(enrollIdOf(padded))).toBe(enrollIdOf(id));
      }),
    );
  });

  it('comes back from the wire as who it was: a number where JSON can hold it, else a text', () => {
    fc.assert(
      fc.property(enrollId, (id) => {
        const wire = enrollIdForWire(id);
        expect(enrollIdOf(JSON.parse(JSON.stringify(wire)))).toBe(id);
        expect(typeof wire).toBe(BigInt(id) <= BigInt(Number.MAX_SAFE_INTEGER) ? 'number' : 'string');
      }),
    );
  });

  it.each(['1e3', '0x10', '0b1', ''])('that is the text %j is not sent as a number of somebody else', (id) => {
    expect(enrollIdForWire(canonicalDeviceUserId(id))).toBe(id);
  });
});

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

describe('a log', () => {
  const time = '2026-01-28 08:02:11';
  const entry = { enrollid: 12, time, mode: 8, inout: 1, event: 3 };
  const common = { time: parseWallTime(time), mode: 8, inOut: 1, event: 3 };

  it('tells punches of users from strangers and the door', () => {
    expect(decodeLogRecord({ ...entry, enrollid: '00000012' })).toEqual({ kind: 'punch', enrollId: '12', ...common });
    for (const stranger of [99_999_999, '099999999']) {
      expect(decodeLogRecord({ ...entry, enrollid: stranger })).toEqual({ kind: 'stranger', ...common });
    }
    for (const door of [0, '00']) {
      expect(decodeLogRecord({ ...entry, enrollid: door })).toEqual({
        kind: 'door',
        happened: 'opened by software',
        ...common,
      });
    }
  });

  it('tells what happened at the door, and at what somebody has to look', () => {
    const events = Array.from({ length: 10 }, (_, event) => decodeLogRecord({ ...entry, enrollid: 0, event }));
    const happened = events.flatMap((record) => (record.kind === 'door' ? record.happened : []));
    expect(happened).toEqual([
      'closed',
      'opened',
      'exit button',
      'opened by software',
      'closed by software',
      'forced open',
      'tampered with',
      'alarm input',
      'unknown',
      'unknown',
    ]);
    expect(happened.filter(isAlarming)).toEqual(['forced open', 'tampered with', 'alarm input']);
  });

  it('has 0 for what is not told, and days that no calendar has', () => {
    expect(decodeLogRecord({ enrollid: 12, time: '2026-02-30T24:00:00' })).toEqual({
      kind: 'punch',
      enrollId: '12',
      time: { year: 2026, month: 2, day: 30, hour: 24, minute: 0, second: 0 },
      mode: 0,
      inOut: 0,
      event: 0,
    });
  });

  it.each([
    ['enrollid', undefined],
    ['enrollid', 'A1'],
    ['enrollid', BEYOND_JSON],
    ['time', undefined],
    ['time', '2026-1-28 08:02:11'],
    ['time', 1_769_587_331],
    ['mode', -1],
    ['mode', 32_768],
    ['mode', null],
    ['inout', 'in'],
    ['event', 1.5],
    ['event', [0]],
  ])('has no entry whose %s is %j', (key, value) => {
    expect(codeOf(() => decodeLogRecord({ ...entry, [key]: value }))).toBe('bad-field');
  });

  it('comes without pictures, of strangers too', () => {
    const pictures = { image: 'PICTURE', ' image ': 'PICTURE' };
    const { batch } = hearKind('punches', {
      cmd: 'sendlog',
      count: 3,
      logindex: 0,
      record: [
        { ...entry, ...pictures },
        { ...entry, ...pictures, enrollid: 99_999_999 },
        { ...entry, ...pictures, enrollid: 0 },
      ],
    });
    expect(batch.records.map(({ kind }) => kind)).toEqual(['punch', 'stranger', 'door']);
    expect(JSON.stringify(batch)).not.toMatch(/PICTURE/);
  });

  it('keeps what it cannot read, without pictures', () => {
    const odd = { ...entry, enrollid: 'A1', note: { msg: 'x' } };
    const { batch } = hearKind('punches', {
      cmd: 'sendlog',
      record: [{ ...odd, image: 'PICTURE', 'image ': 'PICTURE' }, entry, 'x', null, [1]],
    });
    expect(batch).toEqual({
      records: [{ kind: 'punch', enrollId: '12', ...common }],
      unreadable: [odd, { value: 'x' }, { value: null }, { value: 'a list' }],
    });
  });

  it('keeps no picture of what it cannot read, however deep it lies', () => {
    const { batch } = hearKind('punches', { cmd: 'sendlog', record: [[{ ...entry, image: 'PICTURE' }]] });
    expect(batch.unreadable).toHaveLength(1);
    expect(JSON.stringify(batch)).not.toMatch(/PICTURE/);
  });

  it('loses no entry, whatever is in it', () => {
    const likeOne = fc.record({ enrollid: fc.jsonValue(), time: fc.constantFrom(time, '', 7), mode: fc.jsonValue() });
    const some = fc.oneof(fc.jsonValue(), likeOne);
    fc.assert(
      fc.property(fc.array(some), (record) => {
        const { batch } = hearKind('punches', { cmd: 'sendlog', record });
        expect(batch.records.length + batch.unreadable.length).toBe(record.length);
      }),
    );
  });

  it('is numbered where the terminal numbers it', () => {
    const of = (fields: object): unknown => hearKind('punches', { cmd: 'sendlog', record: [], ...fields }).batch;
    expect(of({ count: '2', logindex: '-1' })).toEqual({ records: [], unreadable: [], count: 2, logIndex: -1 });
    expect(of({ record: 'x', count: null })).toEqual({ records: [], unreadable: [] });
  });
});

describe('a registration', () => {
  it('tells of the terminal what is well-formed', () => {
    const devinfo = {
      modelname: ' AiFace ',
      firmware: '',
      fpalgo: 'thbio3.0',
      mac: ['00-01-A9-00-00-01'],
      time: '2026-01-28 07:59:58',
      useduser: '4',
      usersize: 5_000,
      useosdp: 0,
    };
    const { serialNumber, info } = hearKind('registration', { cmd: 'reg', sn: ` ${SERIAL} `, devinfo });
    expect(serialNumber).toBe(SERIAL);
    expect(info).toEqual({
      model: 'AiFace',
      fingerprintAlgorithm: 'thbio3.0',
      time: parseWallTime('2026-01-28 07:59:58'),
      counters: { users: 4 },
      capacity: { users: 5_000 },
    });
  });

  it.each([undefined, null, 7, 'AiFace', [], [{ useduser: 4 }]])(
    'with the devinfo %j tells nothing more',
    (devinfo) => {
      expect(hearKind('registration', { cmd: 'reg', sn: 26010001, devinfo })).toEqual({
        kind: 'registration',
        serialNumber: '26010001',
        info: { counters: {}, capacity: {} },
      });
    },
  );

  it.each([undefined, null, '', 'ABC', 'A'.repeat(65), 'TSTA 2601', 'TSTA\u00002601', 'ÄÖÜ12345', [SERIAL]])(
    'with the serial number %j is refused',
    (sn) => {
      expect(codeOf(() => hear({ cmd: 'reg', sn, devinfo: {} }))).toBe('bad-field');
    },
  );
});

describe('counters', () => {
  const keys = {
    useduser: 'users',
    usedfp: 'fingerprints',
    usedface: 'faces',
    usedpalm: 'palms',
    usedcard: 'cards',
    usedpwd: 'pins',
    usedlog: 'punches',
    usednewlog: 'newPunches',
  };

  it('that are not told are undefined, which is not 0', () => {
    expect(Object.values(decodeCounters({}))).toEqual(Object.keys(keys).map(() => undefined));
    expect(Object.values(decodeCapacity({}))).toEqual(Array.from({ length: 7 }, () => undefined));
    expect(decodeCounters({ useduser: 0, usedface: '0' })).toEqual({ users: 0, faces: 0 });
  });

  it('are each under its key', () => {
    const told = Object.fromEntries(Object.keys(keys).map((key, n) => [key, n]));
    expect(decodeCounters(told)).toEqual(Object.fromEntries(Object.values(keys).map((key, n) => [key, n])));
    const sizes = ['usersize', 'fpsize', 'facesize', 'palmsize', 'cardsize', 'pwdsize', 'logsize'];
    expect(decodeCapacity(Object.fromEntries(sizes.map((key, n) => [` ${key}`, String(n)])))).toEqual({
      users: 0,
      fingerprints: 1,
      faces: 2,
      palms: 3,
      cards: 4,
      pins: 5,
      punches: 6,
    });
  });

  it('that are negative or no whole numbers are undefined', () => {
    for (const bad of [-1, '-1', 1.5, BEYOND_JSON, 'many', '', null, true, [4], { count: 4 }]) {
      expect(decodeCounters({ useduser: bad, usedlog: 148 })).toEqual({ punches: 148 });
      expect(decodeCapacity({ usersize: bad, logsize: '500000' })).toEqual({ punches: 500_000 });
    }
  });
});

describe('pages', () => {
  interface Numbering {
    readonly to: 'inclusive' | 'exclusive';
    readonly count: 'of the page' | 'of the list';
    readonly end: 'an empty page' | 'the total';
  }
  const NUMBERINGS: Numbering[] = (['inclusive', 'exclusive'] as const).flatMap((to) => [
    { to, count: 'of the page', end: 'an empty page' },
    { to, count: 'of the list', end: 'an empty page' },
    { to, count: 'of the list', end: 'the total' },
  ]);
  type WirePage = { readonly count: number; readonly from: number; readonly to: number; readonly record: unknown[] };
  const EMPTY: WirePage = { count: 0, from: 0, to: 0, record: [] };

  /** Cuts a list into pages of these sizes, over and over, as a terminal of this kind sends them. */
  function pagesOf(list: readonly unknown[], sizes: readonly number[], numbering: Numbering): WirePage[] {
    const pages: WirePage[] = [];
    for (let from = 0; from < list.length; from += pages.at(-1)!.record.length) {
      const record = list.slice(from, from + sizes[pages.length % sizes.length]);
      const count = numbering.count === 'of the list' ? list.length : record.length;
      const to = from + record.length - (numbering.to === 'inclusive' ? 1 : 0);
      pages.push({ count, from, to, record });
    }
    return pages.length === 0 || numbering.end === 'an empty page' ? [...pages, EMPTY] : pages;
  }

  /** Takes pages to their end. Silence after one is an end too, unless a total was announced (aiface-protocol 5.1). */
  function collect<R>(pages: readonly WirePage[], { decode, keyOf }: Kind<R>): readonly R[] | 'refused' {
    const collector = new PageCollector<R>({ limit: 1_000, keyOf });
    try {
      for (const page of pages) {
        if (collector.add(decodePage(parseFields(JSON.stringify(page)), decode))) return collector.records;
      }
    } catch (error) {
      if (!(error instanceof PagingError)) throw error;
      return 'refused';
    }
    return collector.total === undefined ? collector.records : 'refused';
  }

  interface Kind<R> {
    readonly lists: fc.Arbitrary<unknown[]>;
    readonly decode: (entry: unknown) => R;
    readonly keyOf?: (record: R) => string;
  }
  const usersKind: Kind<ListedCredential> = {
    lists: fc.uniqueArray(
      fc.record({
        enrollid: fc.integer({ min: 1, max: 40 }),
        admin: fc.nat({ max: 2 }),
        backupnum: fc.constantFrom(0, 10, 11, 50),
      }),
      { maxLength: 40, size: 'max', selector: ({ enrollid, backupnum }) => `${enrollid}/${backupnum}` },
    ),
    decode: decodeListedCredential,
    keyOf: ({ enrollId, backupNumber }) => `${enrollId}/${backupNumber}`,
  };
  /** Of a log, equal entries may come: only the positions tell. */
  const logKind: Kind<LogRecord> = {
    lists: fc.array(
      fc.record({ enrollid: fc.nat({ max: 3 }), time: fc.constant('2026-01-28 08:02:11'), mode: fc.nat({ max: 1 }) }),
      { maxLength: 40, size: 'max' },
    ),
    decode: decodeLogRecord,
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });

  /** What can go wrong with the pages of a list; `at` is a page, wherever that is in a list of so many. */
  const mutations: fc.Arbitrary<(pages: readonly WirePage[]) => WirePage[]> = fc
    .record({
      what: fc.constantFrom('withheld', 'repeated', 'swapped', 'cut', 'short', 'count', 'from', 'to', 'from and to'),
      at: fc.nat(),
      later: fc.nat({ max: 3 }),
      by: fc.constantFrom(-1, 1),
    })
    .map(({ what, at: anywhere, later, by }) => {
      const mutate = (pages: readonly WirePage[]): WirePage[] => {
        const at = anywhere % pages.length;
        const page = pages[at];
        const { count, from, to, record } = page;
        switch (what) {
          case 'withheld':
            return pages.toSpliced(at, 1);
          case 'repeated':
            return pages.toSpliced(at + 1 + later, 0, page);
          case 'swapped':
            return pages.toSpliced(at, 2, ...pages.slice(at, at + 2).toReversed());
          case 'cut':
            return pages.with(at, { ...page, record: record.slice(0, -1) });
          case 'short': // and says so
            return pages.with(at, { ...page, count: count - 1, to: to - 1, record: record.slice(0, -1) });
          case 'count':
            return pages.with(at, { ...page, count: count + by });
          case 'from':
            return pages.with(at, { ...page, from: from + by });
          case 'to':
            return pages.with(at, { ...page, to: to + by });
          default:
            return pages.with(at, { ...page, from: from + by, to: to + by });
        }
      };
      return Object.assign(mutate, { toString: () => `${what} at ${anywhere}, ${later} later, by ${by}` });
    });

  function givesTheList<R>(kind: Kind<R>, numbering: Numbering): void {
    fc.assert(
      fc.property(kind.lists, sizes, (list, sizes) => {
        expect(collect(pagesOf(list, sizes, numbering), kind)).toEqual(list.map(kind.decode));
      }),
    );
  }

  /** Refused, or the list as it is, or so many that a counter tells: never as many, and others. */
  function isNeverSilentlyAnother<R>(kind: Kind<R>, numbering: Numbering): void {
    fc.assert(
      fc.property(kind.lists, sizes, mutations, (list, sizes, mutate) => {
        const given = collect(mutate(pagesOf(list, sizes, numbering)), kind);
        if (given !== 'refused' && given.length === list.length) expect(given).toEqual(list.map(kind.decode));
      }),
      { numRuns: 1_000 },
    );
  }

  describe.each(NUMBERINGS)('whose "to" is $to and "count" that $count, and whose end is $end', (numbering) => {
    it('give the user list', () => givesTheList(usersKind, numbering));
    it('give the log', () => givesTheList(logKind, numbering));
    it('of which one is wrong never give another user list of as many entries', () =>
      isNeverSilentlyAnother(usersKind, numbering));
    it('of which one is wrong never give another log of as many entries', () =>
      isNeverSilentlyAnother(logKind, numbering));
  });

  const taking =
    (...pages: Partial<Page<number>>[]) =>
    (): boolean | undefined => {
      const collector = new PageCollector<number>({ limit: 6, keyOf: String });
      return pages.map((page) => collector.add({ records: [], ...page })).at(-1);
    };
  const first = { records: [1, 2, 3], from: 0, to: 2 };

  it.each([
    ['gap', 'withheld', taking(first, { records: [7], from: 4, to: 4 })],
    ['gap', 'withheld at the beginning', taking({ records: [4], from: 3, to: 3 })],
    ['gap', 'empty too early', taking({ ...first, count: 5 }, { count: 0 })],
    ['gap', 'empty at once, and announces some', taking({ count: 4 })],
    ['repeat', 'repeated', taking(first, first)],
    ['repeat', 'repeated, without positions', taking({ records: [1, 2] }, { records: [2, 3] })],
    ['bad-page', 'longer than its positions', taking({ records: [1, 2, 3, 4], from: 0, to: 2 })],
    ['bad-page', 'the other way round', taking({ records: [1, 2, 3], from: 2, to: 0 })],
    ['bad-page', 'of another count', taking({ ...first, count: 3 }, { records: [4], from: 3, to: 3, count: 2 })],
    ['bad-page', 'of fewer than it has', taking({ ...first, count: 2 })],
    ['bad-page', 'more than announced', taking({ ...first, count: 4 }, { records: [4, 5], count: 4 })],
    ['too-long', 'more than can exist', taking({ records: [1, 2, 3, 4] }, { records: [5, 6, 7] })],
  ])('are refused as %s where one is %s', (fault, _, take) => {
    expect(take).toThrow(expect.objectContaining({ name: 'PagingError', fault }));
  });

  it('without positions are taken in their turn', () => {
    const collector = new PageCollector<number>({ limit: 6, keyOf: String });
    expect(collector.add({ records: [1, 2, 3], count: 5 })).toBe(false);
    expect(collector.total).toBe(5);
    expect(collector.add({ records: [4, 5] })).toBe(true);
    expect(collector.records).toEqual([1, 2, 3, 4, 5]);
    expect(collector.pageCount).toBe(2);
    expect(collector.total).toBe(5);
  });

  it('are one that is empty where the list is', () => {
    expect(taking({ count: 0, from: 0, to: 0 })()).toBe(true);
    expect(taking({})()).toBe(true);
  });

  it('are read from one object, from numbers as texts, and from a count of 0 without a list', () => {
    expect(decodePage({ ' count': '1', from: '0', 'to ': '0', record: { n: 1 } }, (entry) => entry)).toEqual({
      records: [{ n: 1 }],
      count: 1,
      from: 0,
      to: 0,
    });
    expect(decodePage({ count: 0 }, decodeListedCredential)).toEqual({ records: [], count: 0 });
  });

  it.each([[{}], [{ count: 1 }], [{ count: 3, record: 'x' }], [{ record: null }]])('are none in %j', (fields) => {
    expect(() => decodePage(fields, decodeListedCredential)).toThrow(
      expect.objectContaining({ name: 'PagingError', fault: 'bad-page' }),
    );
  });

  it('are refused for one entry that is none', () => {
    const read = (): unknown =>
      decodePage({ count: 2, record: [{ enrollid: 1 }, { enrollid: 'A1' }] }, decodeListedCredential);
    expect(codeOf(read)).toBe('bad-field');
  });
});

describe('what may leave for a terminal', () => {
  const wallTime = parseWallTime('2026-01-28 08:00:00')!;
  const commands: fc.Arbitrary<ReadCommand> = fc.oneof(
    fc.record({ cmd: fc.constant('getuserlist' as const), stn: fc.boolean() }),
    fc.record({ cmd: fc.constant('getuserlist' as const), page: fc.nat(), pagesize: fc.nat() }),
    fc.record(
      { cmd: fc.constant('getuserinfo' as const), enrollid: enrollId, backupnum: fc.nat({ max: 99 }) },
      { requiredKeys: ['cmd', 'enrollid'] },
    ),
    fc.record({ cmd: fc.constant('getusername' as const), enrollid: enrollId }),
    fc.record({ cmd: fc.constantFrom('getuserids' as const, 'getdevcap' as const, 'gettime' as const) }),
    fc.record(
      { cmd: fc.constant('getalllog' as const), stn: fc.boolean(), from: fc.constant('2026-01-28') },
      { requiredKeys: ['cmd', 'stn'] },
    ),
  );
  const answers: fc.Arbitrary<Answer> = fc.oneof(
    fc.constant({ ret: 'reg', result: true, cloudtime: wallTime } as const),
    fc.record({ ret: fc.constant('reg' as const), result: fc.constant(false as const), reason: anyText }),
    fc.record(
      { ret: fc.constant('sendlog' as const), result: fc.boolean(), count: fc.nat(), logindex: fc.nat() },
      { requiredKeys: ['ret', 'result'] },
    ),
    fc.record({
      ret: fc.constant('senduser' as const),
      result: fc.boolean(),
      enrollid: enrollId,
      backupnum: fc.nat({ max: 99 }),
    }),
    fc.record(
      { ret: fc.stringMatching(/^[a-z_]{2,32}$/), result: fc.boolean(), access: fc.constant(0 as const) },
      { requiredKeys: ['ret', 'result'] },
    ),
  );

  it('is every read command, with the user as a number where JSON can hold it', () => {
    fc.assert(
      fc.property(commands, (command) => {
        const sent = parseFields(encodeReadCommand(command));
        expect(isReadOrSessionMessage(sent)).toBe(true);
        expect(READ_COMMANDS).toContain(sent.cmd);
        expect(enrollIdOf(sent.enrollid)).toBe('enrollid' in command ? command.enrollid : undefined);
      }),
    );
    const twelve = canonicalDeviceUserId('12');
    expect(encodeReadCommand({ cmd: 'getuserinfo', enrollid: twelve, backupnum: undefined })).toBe(
      '{"cmd":"getuserinfo","enrollid":12}',
    );
  });

  it('is every answer, of which only that to a registration carries the time', () => {
    fc.assert(
      fc.property(answers, (answer) => {
        const sent = parseFields(encodeAnswer(answer));
        expect(isReadOrSessionMessage(sent)).toBe(true);
        expect(sent).toMatchObject({ ret: answer.ret, result: answer.result });
        expect('cloudtime' in sent).toBe('cloudtime' in answer);
        expect(sent.access ?? 0).toBe(0);
      }),
    );
  });

  it('has what each kind of answer needs', () => {
    const enrollid = canonicalDeviceUserId('9'.repeat(30));
    const encoded = (answer: Answer): unknown => JSON.parse(encodeAnswer(answer));
    expect(encoded({ ret: 'reg', result: true, cloudtime: wallTime })).toEqual({
      ret: 'reg',
      result: true,
      cloudtime: '2026-01-28 08:00:00',
      nosenduser: false,
    });
    expect(encoded({ ret: 'reg', result: false, reason: 'not approved' })).toEqual({
      ret: 'reg',
      result: false,
      reason: 'not approved',
    });
    const numbered = { ret: 'sendlog', count: 2, logindex: 10 } as const;
    expect(encoded({ ...numbered, result: true })).toEqual({ ...numbered, result: true, mark: true });
    expect(encoded({ ...numbered, result: false })).toEqual({ ...numbered, result: false });
    expect(encoded({ ret: 'sendlog', result: true })).toEqual({ ret: 'sendlog', result: true });
    expect(encoded({ ret: 'senduser', result: true, enrollid, backupnum: 50 })).toEqual({
      ret: 'senduser',
      result: true,
      enrollid: '9'.repeat(30),
      backupnum: 50,
    });
  });

  it.each(WRITE_COMMANDS)('is not %s, which writes', (cmd) => expectRefused(cmd));
  it.each(DESTRUCTIVE_COMMANDS)('is not %s, which destroys', (cmd) => expectRefused(cmd));
  const OTHERS =
    'opendoor lockctrl reboot settime setdevinfo setdevlock disabledevice enabledevice setholiday setquestionnaire ' +
    'keypad getnewlog getdevinfo getallusers getuserlock otaget reg sendlog senduser';
  it.each(OTHERS.split(' '))('is not %s, which nobody needs for a read', (cmd) => expectRefused(cmd));

  function expectRefused(cmd: string): void {
    for (const message of [
      { cmd },
      { ' cmd ': cmd },
      { cmd: ` ${cmd} ` },
      { cmd, enrollid: 12, backupnum: 12 },
      { cmd, ret: 'reg' },
      { 'cmd ': cmd, ret: 'gettime', result: true },
    ]) {
      expect(isReadOrSessionMessage(message)).toBe(false);
    }
  }

  it('is nothing that is not named', () => {
    const named: readonly string[] = READ_COMMANDS;
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom(...READ_COMMANDS, 'x')),
        fc.dictionary(plainKey, fc.jsonValue()),
        (cmd, rest) => {
          expect(isReadOrSessionMessage({ ...rest, ret: undefined, cmd })).toBe(named.includes(cmd));
        },
      ),
    );
    expect(isReadOrSessionMessage({})).toBe(false);
    expect(isReadOrSessionMessage({ cmd: null })).toBe(false);
    expect(isReadOrSessionMessage({ ret: ['reg'] })).toBe(false);
    expect(isReadOrSessionMessage({ cmd: 'gettime', ret: 'gettime' })).toBe(false);
    for (const cmd of READ_COMMANDS) {
      expect(isReadOrSessionMessage({ cmd: cmd.toUpperCase() })).toBe(false);
      expect(isReadOrSessionMessage({ cmd: `${cmd} ` })).toBe(false);
    }
  });

  it('is no answer that sets a clock unasked, or opens a door', () => {
    const cloudtime = '2026-01-28 08:00:00';
    expect(isReadOrSessionMessage({ ret: 'reg', result: true, cloudtime })).toBe(true);
    for (const ret of ['sendlog', 'senduser', 'checklive', 'sendqrcode', 'reg ', 'REG']) {
      expect(isReadOrSessionMessage({ ret, result: true })).toBe(true);
      expect(isReadOrSessionMessage({ ret, result: true, cloudtime })).toBe(false);
      expect(isReadOrSessionMessage({ ret, result: true, ' cloudtime': cloudtime })).toBe(false);
      expect(isReadOrSessionMessage({ ret, result: true, access: 0 })).toBe(true);
      for (const access of [1, true, '1', 'true']) {
        expect(isReadOrSessionMessage({ ret, result: true, access })).toBe(false);
        expect(isReadOrSessionMessage({ ret, result: true, 'access ': access })).toBe(false);
      }
    }
  });
});
