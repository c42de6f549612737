import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isSameName, type NameLimit } from './name-limit.js';
import { differences, isUnchanged, merge, movedSince, outcomesOf, settle, STRATEGIES } from './rules.js';
import { COMPARED_ATTRIBUTES, databaseVersionOf, normalised, type UserVersion } from './user-version.js';

const UTF8: NameLimit = { bytes: 23, encoding: 'utf-8' };
const base: UserVersion = {
  name: 'Mina Ward',
  card_number: '4471',
  privilege: 0,
  group_id: 1,
  timezone_id: null,
  has_pin: false,
};

describe('values are compared after normalisation', () => {
  it.each([
    ['composed and decomposed letters', { name: 'José' }, { name: 'Jose\u0301' }],
    ['blanks between and around', { name: ' Mina \t Ward ' }, { name: 'Mina Ward' }],
    ['leading zeros of a card', { card_number: '0004471' }, { card_number: '4471' }],
    ['a card of zeros and none', { card_number: '0000' }, { card_number: null }],
    ['an empty text and none', { timezone_id: '  ' }, { timezone_id: null }],
  ])('%s are no difference', (_, device, database) => {
    expect(differences(device, database, UTF8)).toEqual([]);
  });

  it.each(COMPARED_ATTRIBUTES)('another %s is a difference', (attribute) => {
    const other = { name: 'Ann', card_number: '9', privilege: 14, group_id: 2, timezone_id: '1,0,0', has_pin: true };
    expect(differences({ ...base, [attribute]: other[attribute] }, base, UTF8)).toEqual([attribute]);
  });

  it('capital letters are a difference, since people write names as they want them', () => {
    expect(differences({ name: 'mina ward' }, { name: 'Mina Ward' }, UTF8)).toEqual(['name']);
  });

  it('what one side did not tell is not compared', () => {
    expect(differences({ privilege: 3 }, { name: 'Mina' }, UTF8)).toEqual([]);
    expect(isUnchanged({ name: 'Mina' }, { privilege: 3 })).toBe(true);
  });

  it('none and something are a difference', () => {
    expect(differences({ ...base, card_number: null }, base, UTF8)).toEqual(['card_number']);
    expect(differences({ ...base, name: null }, base, UTF8)).toEqual(['name']);
  });
});

describe('a name that the device cut', () => {
  it.each<[string, string, string, NameLimit]>([
    ['at its last byte', 'Wolfeschlegelsteinhause', 'Wolfeschlegelsteinhausenbergerdorff', UTF8],
    ['before a character of three bytes', 'አበበ በቀለ', 'አበበ በቀለ ወልደ', { bytes: 22, encoding: 'utf-8' }],
    ['behind a blank, which is trimmed', 'Maria Magdalena Antonia', 'Maria Magdalena Antonia Lopez', UTF8],
    ['at a blank', 'Maria Magdalena Antoni', 'Maria Magdalena Antoni Lopez', UTF8],
    ['in ideographs of two bytes', '王小明', '王小明李丽华', { bytes: 7, encoding: 'gbk' }],
    ['in letters of one byte', 'Núñez Go', 'Núñez González', { bytes: 8, encoding: 'latin1' }],
    ['before a letter with two marks', 'abcdefghijklmnopqrstu', 'abcdefghijklmnopqrstue\u0323\u0302x', UTF8],
  ])('%s is the same name', (_, device, database, limit) => {
    expect(isSameName(device, database, limit)).toBe(true);
  });

  it.each<[string, string, string, NameLimit]>([
    ['with room for another letter', 'Wolfeschlegelsteinhaus', 'Wolfeschlegelsteinhausenbergerdorff', UTF8],
    ['that goes on otherwise', 'WolfeschlegelsteinhausX', 'Wolfeschlegelsteinhausenbergerdorff', UTF8],
    ['that the device alone has longer', 'Wolfeschlegelsteinhausenbergerdorff', 'Wolfeschlegelsteinhause', UTF8],
    [
      'on a device that is not known to cut',
      'Wolfeschlegelsteinhause',
      'Wolfeschlegelsteinhausen',
      { bytes: null, encoding: 'utf-8' },
    ],
  ])('%s is another one', (_, device, database, limit) => {
    expect(isSameName(device, database, limit)).toBe(false);
  });

  it('is the same name wherever a device cuts it, in the middle of a character too', () => {
    const names = fc.string({
      unit: fc.constantFrom('a', 'é', 'በ', '王', '😀', ' ', 'e\u0301'),
      minLength: 1,
      maxLength: 30,
    });
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 40 }), (name, bytes) => {
        const whole = normalised('name', name);
        fc.pre(whole !== null);
        const stored = Buffer.from(whole ?? '').subarray(0, bytes);
        const decoded = new TextDecoder('utf-8').decode(stored, { stream: true }); // drops the half of a character
        fc.pre(normalised('name', decoded) !== null);
        expect(isSameName(decoded, name, { bytes, encoding: 'utf-8' })).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('the database’s version', () => {
  const adopted = { ...base, name: 'mina w', card_number: '77' };

  it('has the person’s name and card, and what was adopted for everything else', () => {
    expect(databaseVersionOf({ adopted, person: { name: 'Mina Ward', cardNumber: '12' } })).toEqual({
      ...base,
      card_number: '12',
    });
  });

  it.each([null, '', ' 000 '])('has the adopted card where the person has none (%j)', (cardNumber) => {
    const version = databaseVersionOf({ adopted, person: { name: 'Mina Ward', cardNumber } });
    expect(version.card_number).toBe('77');
  });

  it('is what was adopted when the person is gone, and tells nothing that was never told', () => {
    expect(databaseVersionOf({ adopted, person: undefined })).toEqual(adopted);
    expect(databaseVersionOf({ adopted: {}, person: { name: 'Mina', cardNumber: null } })).toEqual({ name: 'Mina' });
  });
});

describe('a merge', () => {
  const merged = (device: UserVersion, database: UserVersion, choices = {}): UserVersion =>
    merge(device, database, base, choices, UTF8);

  it('takes the only value that there is', () => {
    expect(merged({ ...base, card_number: null }, base).card_number).toBe('4471');
    expect(merged({ ...base, timezone_id: '1,2,3' }, base).timezone_id).toBe('1,2,3');
  });

  it('takes the name of the database and all else of the device, unless somebody chose', () => {
    const device = {
      name: 'M. Ward',
      card_number: '5',
      privilege: 14,
      group_id: 2,
      timezone_id: '1,0,0',
      has_pin: true,
    };
    const database = { ...base, timezone_id: '2,0,0' };
    expect(merged(device, database)).toEqual({ ...device, name: 'Mina Ward' });
    expect(merged(device, database, { name: 'device', privilege: 'database' })).toEqual({ ...device, privilege: 0 });
  });

  it('knows a PIN that is not set as a value, so that it can be chosen', () => {
    expect(merged({ ...base, has_pin: true }, base).has_pin).toBe(true);
    expect(merged({ ...base, has_pin: true }, base, { has_pin: 'database' }).has_pin).toBe(false);
    expect(merged(base, { ...base, has_pin: true }).has_pin).toBe(false);
  });

  it('keeps what was agreed of what neither side tells', () => {
    expect(merged({}, {})).toEqual(base);
  });
});

describe('which side moved', () => {
  it('is told for each attribute', () => {
    const device = { ...base, name: 'M. Ward', card_number: '5', privilege: 14 };
    const database = { ...base, card_number: '6', group_id: 3 };
    expect(movedSince(base, device, database, UTF8)).toEqual({
      name: 'device',
      card_number: 'both',
      privilege: 'device',
      group_id: 'database',
      timezone_id: 'neither',
      has_pin: 'neither',
    });
  });

  it('is not the database when it has all along held the whole of a name that the device cut', () => {
    const whole = { ...base, name: 'Wolfeschlegelsteinhausenbergerdorff' };
    const agreed = { ...base, name: 'Wolfeschlegelsteinhause' };
    expect(movedSince(agreed, { ...base, name: 'Wolf' }, whole, UTF8).name).toBe('device');
  });
});

describe('every strategy', () => {
  const text = fc.constantFrom(
    null,
    '',
    'a',
    'Mina  Ward',
    'Mina Ward',
    'é',
    'e\u0301',
    '007',
    '7',
    'Wolfeschlegelsteinhausenbergerdorff',
  );
  const version: fc.Arbitrary<UserVersion> = fc.record(
    {
      name: text,
      card_number: text,
      privilege: fc.constantFrom(0, 14),
      group_id: fc.constantFrom(null, 1, 2),
      timezone_id: text,
      has_pin: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const choices = fc.dictionary(
    fc.constantFrom(...COMPARED_ATTRIBUTES),
    fc.constantFrom('device' as const, 'database' as const),
  );

  it('leaves both sides equal, and touches nothing that was equal before', () => {
    fc.assert(
      fc.property(version, version, fc.constantFrom(...STRATEGIES), choices, (device, database, strategy, chosen) => {
        const apart = differences(device, database, UTF8);
        const settled = settle(outcomesOf(strategy, device, database, UTF8, chosen), device, database);
        expect(differences(settled.device, settled.database, UTF8)).toEqual([]);
        for (const attribute of COMPARED_ATTRIBUTES) {
          if (apart.includes(attribute)) continue;
          expect([settled.device[attribute], settled.database[attribute]]).toEqual([
            device[attribute],
            database[attribute],
          ]);
        }
        // Twice is once.
        expect(outcomesOf(strategy, settled.device, settled.database, UTF8, chosen)).toEqual([]);
      }),
      { numRuns: 1_000 },
    );
  });
});
