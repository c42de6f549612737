import { describe, expect, it } from '@jest/globals';
import { decodeLogRecord, isAlarming } from '@app/aiface-protocol';
import { parseWallTime } from '@app/kernel';
import fc from 'fast-check';
import { BEYOND_JSON, codeOf, hearKind } from '@test/support';

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
