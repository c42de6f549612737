import { describe, expect, it } from '@jest/globals';
import { DeviceError, IncompleteReadError } from '@app/device-gateway';
import { AbortedError } from '@app/kernel';
import fc from 'fast-check';
import { failureOf, type TerminalFailure } from './failure-policy.js';
import { clockAlertDue, fillAlertDue, type FillStage, type ReachAlert, reachAlertsDue } from './standing-alerts.js';

/** What is told in an outage, failure by failure. */
function toldIn(outage: readonly TerminalFailure[]): ReachAlert[][] {
  const told: ReachAlert[] = [];
  return outage.map((failure, i) => {
    const due = reachAlertsDue(failure, i + 1, told);
    told.push(...due);
    return due;
  });
}

describe('an outage', () => {
  it('is told after three failures, and that the terminal is left alone after five', () => {
    expect(toldIn(['unreachable', 'incomplete', 'unreachable', 'incomplete', 'unreachable', 'unreachable'])).toEqual([
      [],
      [],
      ['failing'],
      [],
      ['paused'],
      [],
    ]);
  });

  it('tells each thing once, another terminal at once, and nothing milder after that', () => {
    const outages = fc.array(fc.constantFrom<TerminalFailure>('incomplete', 'unreachable', 'replaced'), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(outages, (outage) => {
        const steps = toldIn(outage);
        const all = steps.flat();
        expect(new Set(all).size).toBe(all.length);
        const replacedAt = outage.indexOf('replaced');
        if (replacedAt >= 0) expect(steps[replacedAt]).toContain('replaced');
        else expect(all).not.toContain('replaced');
        expect(all.includes('paused')).toBe(outage.length >= 5);
        // Whoever is told nothing else learns of the outage by the third failure.
        if (outage.length >= 3) expect(steps.slice(0, 3).flat().length).toBeGreaterThan(0);
        if (all.includes('failing') && all.includes('replaced'))
          expect(all.indexOf('failing')).toBeLessThan(all.indexOf('replaced'));
      }),
    );
  });

  it('is made of what the terminal did, and not of what we did', () => {
    expect(failureOf(new DeviceError('device/timeout', 'no answer'))).toBe('unreachable');
    expect(failureOf(new DeviceError('device/not-connected', 'it has not dialled in'))).toBe('unreachable');
    expect(failureOf(new IncompleteReadError('counter-mismatch', '5 users, 4 records'))).toBe('incomplete');
    expect(failureOf(new DeviceError('device/serial-mismatch', 'B instead of A'))).toBe('replaced');
    expect(failureOf(new DeviceError('device/aborted', 'we stopped'))).toBeUndefined();
    expect(failureOf(new DeviceError('device/address-not-allowed', 'outside of DEVICE_NETWORKS'))).toBeUndefined();
    expect(failureOf(new AbortedError('stop'))).toBeUndefined();
  });
});

describe('a clock', () => {
  /** What is told of readings in order. */
  function toldOf(readings: readonly number[]): (number | 'settle')[] {
    let told: number | undefined;
    return readings.flatMap((drift) => {
      const due = clockAlertDue(drift, told);
      if (due === undefined) return [];
      told = due === 'tell' ? drift : undefined;
      return [due === 'tell' ? drift : due];
    });
  }

  it('is told when it is more than a minute off, and again when it has moved by more than a minute', () => {
    expect(toldOf([0, 60, 61, 61, 121, 122])).toEqual([61, 122]);
    expect(toldOf([-61, -62, 5])).toEqual([-61, 'settle']);
    expect(toldOf([120, -120])).toEqual([120, -120]);
  });

  it('is told again when it creeps', () => {
    const creeping = Array.from({ length: 200 }, (_, step) => step);
    expect(toldOf(creeping)).toEqual([61, 122, 183]);
  });

  it('is not told again and again when it wavers around a bound', () => {
    expect(toldOf([59, 61, 59, 61, 59, 61])).toEqual([61]);
    expect(toldOf([61, 31, 29, 31, 29])).toEqual([61, 'settle']);
  });
});

describe('a terminal that fills', () => {
  /** What is told of shares and days in order. */
  function toldOf(levels: readonly (readonly [share: number, daysLeft?: number])[]): string[] {
    let told: FillStage | undefined;
    return levels.flatMap(([share, daysLeft]) => {
      const due = fillAlertDue({ count: share * 100, capacity: 100, share, daysLeft }, told);
      if (due === undefined) return [];
      told = due === 'settle' ? undefined : due;
      return [due];
    });
  }

  it('is told of at each stage once', () => {
    expect(toldOf([[0.5], [0.6, 20], [0.7, 13], [0.75, 10], [0.9, 4], [0.95, 2], [1, 0], [1, 0]])).toEqual([
      'soon',
      'nearly',
      'full',
    ]);
    expect(toldOf([[1, 0], [0.95]])).toEqual(['full']);
  });

  it('is over when there is room again, and not while a forecast wavers', () => {
    expect(
      toldOf([
        [0.7, 13],
        [0.7, 14],
        [0.7, 13],
        [0.7, 15],
        [0.7, 13],
      ]),
    ).toEqual(['soon']);
    expect(toldOf([[0.9], [0.89], [0.9], [0.86], [0.9]])).toEqual(['nearly']);
    expect(toldOf([[1, 0], [0.1], [0.91]])).toEqual(['full', 'settle', 'nearly']);
  });
});
