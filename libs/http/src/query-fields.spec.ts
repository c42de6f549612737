import { describe, expect, it } from '@jest/globals';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import 'reflect-metadata';
import { OptionalDeviceUserId, OptionalInstant, OptionalRowId } from './query-fields.js';

class Query {
  @OptionalInstant('from')
  readonly from?: Date;
  @OptionalRowId('device')
  readonly device_id?: string;
  @OptionalDeviceUserId('user')
  readonly device_user_id?: string;
}

function read(query: object): { value: Query; complaints: string[] } {
  const value = plainToInstance(Query, query);
  const complaints = validateSync(value).flatMap(({ constraints }) => Object.values(constraints ?? {}));
  return { value, complaints };
}

describe('an instant of a query', () => {
  it.each([
    ['2026-01-31T09:45:00Z', '2026-01-31T09:45:00.000Z'],
    ['2026-01-31T12:45+03:00', '2026-01-31T09:45:00.000Z'],
    ['2026-01-31T12:45:00.250 03:00', '2026-01-31T09:45:00.250Z'], // what `+03:00` becomes on its way
    ['2026-01-31t05:45:00-04:00', '2026-01-31T09:45:00.000Z'],
  ])('%s is %s', (text, instant) => {
    const { value, complaints } = read({ from: text });
    expect(complaints).toEqual([]);
    expect(value.from?.toISOString()).toBe(instant);
  });

  it.each([
    '2026-01-31',
    '2026-01-31T09:45:00',
    'yesterday',
    '1',
    '',
    '2026-13-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    ['2026-01-31T09:45:00Z'],
  ])('%j is refused, since it is none or means another one elsewhere', (text) => {
    expect(read({ from: text }).complaints).toEqual([
      'from must be an instant with its offset, such as 2026-01-31T09:45:00Z',
    ]);
  });

  it('may be left out', () => {
    expect(read({})).toMatchObject({ complaints: [], value: {} });
  });
});

describe('a row number and a device user ID of a query', () => {
  it('stay text, the ID in canonical form', () => {
    expect(read({ device_id: '12', device_user_id: ' 007 ' }).value).toMatchObject({
      device_id: '12',
      device_user_id: '7',
    });
  });

  it.each([{ device_id: '0' }, { device_id: '-1' }, { device_id: '1e3' }, { device_user_id: '' }])(
    'are refused as %j',
    (query) => {
      expect(read(query).complaints.length).toBeGreaterThan(0);
    },
  );
});
