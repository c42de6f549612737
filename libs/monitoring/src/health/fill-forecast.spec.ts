import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { forecastFill } from './fill-forecast.js';

const days = (counts: readonly number[]): { day: number; count: number }[] =>
  counts.map((count, day) => ({ day: 20_000 + day, count }));

describe('a forecast of filling', () => {
  it('tells the days that are left of steady growth', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 3, max: 30 }),
        fc.integer({ min: 1, max: 90_000 }),
        (perDay, length, room) => {
          const points = days(Array.from({ length }, (_, day) => 1_000 + day * perDay));
          const capacity = points[length - 1].count + room;
          const expected = Math.ceil(room / perDay);
          expect(forecastFill(points, capacity)?.daysLeft).toBe(expected <= 3_650 ? expected : undefined);
        },
      ),
    );
  });

  it('is not led astray by one import or one clearing', () => {
    const steady = Array.from({ length: 20 }, (_, day) => 1_000 + day * 10);
    const imported = steady.map((count, day) => (day >= 12 ? count + 300 : count));
    const room = 3_000 - (imported.at(-1) ?? 0);
    const { daysLeft = 0 } = forecastFill(days(imported), 3_000) ?? {};
    expect(daysLeft).toBeGreaterThan(room / 20);
    expect(daysLeft).toBeLessThanOrEqual(room / 10);
    const cleared = steady.map((count, day) => (day >= 17 ? 10 * (day - 17) : count));
    expect(forecastFill(days(cleared), 3_000)?.daysLeft).toBeGreaterThan(200);
  });

  it('says nothing of what is flat, falls, or was seen on too few days', () => {
    expect(forecastFill(days([5, 5, 5, 5]), 10)?.daysLeft).toBeUndefined();
    expect(forecastFill(days([8, 7, 6]), 10)?.daysLeft).toBeUndefined();
    expect(forecastFill(days([1, 9]), 10)?.daysLeft).toBeUndefined();
    expect(forecastFill([], 10)).toBeUndefined();
    expect(forecastFill(days([10]), 10)).toMatchObject({ daysLeft: 0, share: 1 });
  });
});
