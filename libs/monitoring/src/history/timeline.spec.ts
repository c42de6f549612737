import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type DeviceObservation, OBSERVATION_OUTCOMES } from '../monitoring.entities.js';
import { condense, timelineOf } from './timeline.js';

const MINUTE_MS = 60_000;
const START = Date.parse('2026-01-31T00:00:00Z');
const GAP = 12.5 * MINUTE_MS;

/** Intervals in order, some close to each other, some far apart. */
const observations = fc
  .array(
    fc.record({
      pauseMinutes: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 600 })),
      lastsMinutes: fc.nat(120),
      outcome: fc.constantFrom(...OBSERVATION_OUTCOMES),
      users: fc.nat(500),
    }),
    { maxLength: 40 },
  )
  .map((parts) => {
    let at = START;
    return parts.map(({ pauseMinutes, lastsMinutes, outcome, users }, i) => {
      const from = at + pauseMinutes * MINUTE_MS;
      at = from + lastsMinutes * MINUTE_MS;
      const observed = { observedFrom: new Date(from), observedUntil: new Date(at) };
      const userCount = outcome === 'complete' ? users : null;
      return { id: String(i), deviceId: '1', outcome, userCount, ...observed, observations: 1 } as DeviceObservation;
    });
  });

const range = fc.tuple(fc.nat(2_000), fc.integer({ min: 1, max: 4_000 })).map(([from, length]) => ({
  from: new Date(START + from * MINUTE_MS),
  to: new Date(START + (from + length) * MINUTE_MS),
}));

describe('the timeline of a terminal', () => {
  it('covers its range without holes or overlaps, and never counts what was not complete', () => {
    fc.assert(
      fc.property(observations, range, fc.integer({ min: 1, max: 50 }), (observed, { from, to }, points) => {
        const within = observed.filter((each) => each.observedUntil >= from && each.observedFrom <= to);
        const whole = timelineOf(within, { from, to, gapMs: GAP });
        for (const pieces of [whole, condense(whole, points)]) {
          expect(pieces[0].from).toEqual(from);
          expect(pieces.at(-1)?.until).toEqual(to);
          for (const [i, piece] of pieces.entries()) {
            expect(piece.until >= piece.from).toBe(true);
            if (i > 0) expect(piece.from).toEqual(pieces[i - 1].until);
            if (piece.outcome !== 'mixed') expect(piece.counts !== undefined).toBe(piece.outcome === 'complete');
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('is condensed to as few pieces as wished, and keeps the least and the most', () => {
    fc.assert(
      fc.property(observations, range, fc.integer({ min: 1, max: 20 }), (observed, { from, to }, points) => {
        const within = observed.filter((each) => each.observedUntil >= from && each.observedFrom <= to);
        const whole = timelineOf(within, { from, to, gapMs: GAP });
        const condensed = condense(whole, points);
        expect(condensed.length).toBeLessThanOrEqual(Math.max(points, 1));
        const counts = (pieces: typeof whole): number[] =>
          pieces.flatMap((piece) => (piece.counts ? [piece.counts.least, piece.counts.most] : []));
        if (counts(whole).length === 0) expect(counts(condensed)).toEqual([]);
        else {
          expect(Math.min(...counts(condensed))).toBe(Math.min(...counts(whole)));
          expect(Math.max(...counts(condensed))).toBe(Math.max(...counts(whole)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('shows a time without any read as not observed, and lets an observation last until the next one', () => {
    const at = (minutes: number): Date => new Date(START + minutes * MINUTE_MS);
    const observed = (from: number, until: number, users: number | null): DeviceObservation =>
      ({
        id: '1',
        deviceId: '1',
        outcome: users === null ? 'unreachable' : 'complete',
        userCount: users,
        observedFrom: at(from),
        observedUntil: at(until),
        observations: 1,
      }) as DeviceObservation;
    const pieces = timelineOf([observed(5, 20, 120), observed(25, 30, null), observed(300, 310, 119)], {
      from: at(0),
      to: at(400),
      gapMs: GAP,
    });
    expect(pieces.every(({ from, until }) => from < until)).toBe(true);
    expect(
      pieces.map(({ from, outcome, counts }) => [(from.getTime() - START) / MINUTE_MS, outcome, counts?.least]),
    ).toEqual([
      [0, 'not_observed', undefined],
      [5, 'complete', 120],
      [25, 'unreachable', undefined],
      [30, 'not_observed', undefined],
      [300, 'complete', 119],
      [310, 'not_observed', undefined],
    ]);
  });

  it('lets what was observed right before a range reach into it, and leaves out what was over by then', () => {
    const at = (minutes: number): Date => new Date(START + minutes * MINUTE_MS);
    const once = (minutes: number, userCount: number): DeviceObservation =>
      ({ outcome: 'complete', userCount, observedFrom: at(minutes), observedUntil: at(minutes) }) as DeviceObservation;
    const shown = (observations: DeviceObservation[], from: number, to: number): unknown[] =>
      timelineOf(observations, { from: at(from), to: at(to), gapMs: GAP }).map(({ from: begin, outcome, counts }) => [
        (begin.getTime() - START) / MINUTE_MS,
        outcome,
        counts?.least,
      ]);
    expect(shown([once(0, 120), once(5, 119)], 2, 10)).toEqual([
      [2, 'complete', 120],
      [5, 'complete', 119],
    ]);
    expect(shown([once(0, 120), once(40, 119)], 2, 45)).toEqual([
      [2, 'not_observed', undefined],
      [40, 'complete', 119],
    ]);
  });
});
