import { describe, expect, it } from '@jest/globals';
import {
  booleanField,
  decodeInbound,
  field,
  type Fields,
  integerField,
  listField,
  parseFields,
  textField,
} from '@app/aiface-protocol';
import { parseWallTime } from '@app/kernel';
import fc from 'fast-check';
import { almostJson, anyText, BEYOND_JSON, codeOf, hear, hearKind, plainKey, SERIAL } from '@test/support';

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
