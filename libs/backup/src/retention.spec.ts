import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { type KeptBackup, removable } from './retention.js';

const DAY_MS = 24 * 60 * 60_000;
const now = new Date('2026-06-01T00:00:00Z');
const backups = fc.array(
  fc.record({
    deviceId: fc.constantFrom('1', '2', '3'),
    ageDays: fc.double({ min: 0, max: 400, noNaN: true }),
    userCount: fc.integer({ min: 0, max: 300 }),
    state: fc.constantFrom('valid' as const, 'invalid' as const),
  }),
  { maxLength: 40 },
);

function kept(
  from: { deviceId: string; ageDays: number; userCount: number; state: 'valid' | 'invalid' }[],
): KeptBackup[] {
  return from.map(({ ageDays, ...rest }, i) => ({
    ...rest,
    id: String(i + 1),
    takenAt: new Date(now.getTime() - ageDays * DAY_MS),
  }));
}

describe('which backups may go', () => {
  it('Property 21: none of the last 30 days, whatever their number, age and state', () => {
    fc.assert(
      fc.property(backups, fc.integer({ min: 30, max: 90 }), (found, retentionDays) => {
        const all = kept(found);
        for (const { takenAt } of removable(all, { now, retentionDays, trippedDevices: new Set() }))
          expect(now.getTime() - takenAt.getTime()).toBeGreaterThan(retentionDays * DAY_MS);
      }),
    );
  });

  it('never the newest valid one, the newest of full size, or any of a device that has lost many', () => {
    fc.assert(
      fc.property(backups, (found) => {
        const all = kept(found);
        const gone = new Set(removable(all, { now, retentionDays: 30, trippedDevices: new Set(['3']) }));
        for (const deviceId of ['1', '2', '3']) {
          const valid = all.filter((each) => each.deviceId === deviceId && each.state === 'valid');
          const left = valid.filter((each) => !gone.has(each));
          if (valid.length === 0) continue;
          const newest = valid.toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime())[0];
          expect(left).toContain(newest);
          const most = Math.max(...valid.map(({ userCount }) => userCount));
          expect(left.some(({ userCount }) => userCount >= 0.95 * most)).toBe(true);
          if (deviceId === '3') expect(left).toEqual(valid);
        }
      }),
    );
  });

  it('everything else that is too old', () => {
    const all = kept([
      { deviceId: '1', ageDays: 1, userCount: 100, state: 'valid' },
      { deviceId: '1', ageDays: 31, userCount: 100, state: 'valid' },
      { deviceId: '1', ageDays: 31, userCount: 100, state: 'invalid' },
    ]);
    expect(removable(all, { now, retentionDays: 30, trippedDevices: new Set() }).map(({ id }) => id)).toEqual([
      '2',
      '3',
    ]);
  });
});
