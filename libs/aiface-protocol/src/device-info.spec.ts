import { describe, expect, it } from '@jest/globals';
import { decodeCapacity, decodeCounters } from '@app/aiface-protocol';
import { parseWallTime } from '@app/kernel';
import { BEYOND_JSON, codeOf, hear, hearKind, SERIAL } from '@test/support';

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
