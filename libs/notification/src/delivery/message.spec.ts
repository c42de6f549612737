import { describe, expect, it } from '@jest/globals';
import { canonicalDeviceUserId } from '@app/kernel';
import fc from 'fast-check';
import { StoredNotice } from '../notification.entities.js';
import { groupsOf, initialsOf, lengthOf, messageOf, type NoticeOnItsWay } from './message.js';
import { endOfQuiet } from './quiet-hours.js';
import { nextAttempt, nextReminder } from './retry-plan.js';

const NOW = new Date('2026-01-31T18:00:00Z');
const HOUR_MS = 3_600_000;

function notice(change: Partial<StoredNotice> = {}): StoredNotice {
  return Object.assign(new StoredNotice(), {
    topic: 'incident_opened',
    severity: 'warning',
    subject: 'incident:17',
    deviceId: '3',
    deviceName: 'Main entrance',
    headline: '1 user of 120 vanished from "Main entrance"',
    details: ['Level: notice'],
    people: [{ deviceUserId: canonicalDeviceUserId('9001'), name: 'Mina Haile' }],
    since: new Date(NOW.getTime() - 9 * HOUR_MS),
    path: '/api/device-users/incidents/17',
    announcedAt: new Date(NOW.getTime() - 9 * HOUR_MS),
    ...change,
  });
}

describe('a message', () => {
  const about = { now: NOW, publicUrl: 'https://holdfast.example.org' };

  it('says what happened, to whom, since when and where to look', () => {
    const message = messageOf('m1', [{ notice: notice(), reminder: 0 }], { initialsOnly: false }, about);
    expect(message.subject).toBe('[Holdfast warning] 1 user of 120 vanished from "Main entrance"');
    expect(message.text.split('\n')).toEqual([
      '1 user of 120 vanished from "Main entrance"',
      'Users: 9001 (Mina Haile)',
      'Level: notice',
      'Since: 2026-01-31T09:00:00.000Z',
      'See: https://holdfast.example.org/api/device-users/incidents/17',
    ]);
  });

  it('says how long it has lasted when it reminds', () => {
    const { subject } = messageOf('m1', [{ notice: notice(), reminder: 3 }], { initialsOnly: false }, about);
    expect(subject).toContain('Still so, 9 h: 1 user');
  });

  it('holds no name where initials are wanted, in whatever script', () => {
    const names = fc.array(fc.constantFrom('Mina', 'Haile', 'አበበ', 'ማርያም', 'محمد', 'O’Neil', 'José'), {
      minLength: 1,
      maxLength: 4,
    });
    fc.assert(
      fc.property(names, (words) => {
        const people = [{ deviceUserId: canonicalDeviceUserId('1'), name: words.join(' ') }];
        const message = messageOf('m', [{ notice: notice({ people }), reminder: 0 }], { initialsOnly: true }, about);
        const told = JSON.stringify([message.text, message.notices]);
        for (const word of words) expect(told).not.toContain(word);
      }),
    );
    expect(initialsOf('mina  haile-selassie')).toBe('M. H. S.');
  });

  it('lets no name make a line of its own', () => {
    const people = [{ deviceUserId: canonicalDeviceUserId('1'), name: 'Mina\nSee: http://evil.example\u2028x' }];
    const { text } = messageOf('m', [{ notice: notice({ people }), reminder: 0 }], { initialsOnly: false }, about);
    expect(text.split(/[\n\u2028]/).filter((line) => line.startsWith('See:'))).toHaveLength(1);
  });
});

describe('what becomes one message', () => {
  const at = (deviceId: string): NoticeOnItsWay => ({ notice: notice({ deviceId }), reminder: 0 });

  it('is what one device has to tell; and everything when many devices tell something at once, or after a quiet time', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 40 }),
        fc.boolean(),
        (ids, digest) => {
          const waiting = ids.map((id) => at(String(id)));
          const groups = groupsOf(waiting, { digest });
          expect(groups.flat()).toHaveLength(waiting.length);
          const devices = new Set(ids).size;
          expect(groups).toHaveLength(digest || devices > 5 ? 1 : devices);
        },
      ),
    );
  });
});

describe('quiet hours', () => {
  it('end at their end, over midnight too', () => {
    const night = { from: '22:00', until: '06:30' };
    const end = (time: string): string | undefined =>
      endOfQuiet(night, new Date(`2026-01-31T${time}Z`), 'Africa/Addis_Ababa')?.toISOString();
    expect(end('18:59:59')).toBeUndefined();
    expect(end('19:00:00')).toBe('2026-02-01T03:30:00.000Z');
    expect(end('03:29:59.900')).toBe('2026-01-31T03:30:00.000Z');
    expect(end('03:30:00')).toBeUndefined();
  });
});

describe('trying again', () => {
  it('is soon at first, slower later, and ends after a day', () => {
    const created = NOW;
    let now = NOW;
    const pauses: number[] = [];
    for (let attempts = 1; ; attempts += 1) {
      const next = nextAttempt(attempts, created, now);
      if (!next) break;
      pauses.push(next.getTime() - now.getTime());
      now = next;
    }
    expect(pauses[0]).toBeLessThanOrEqual(10_000);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(now.getTime() - created.getTime()).toBeGreaterThan(22 * HOUR_MS);
    expect(now.getTime() - created.getTime()).toBeLessThanOrEqual(24 * HOUR_MS);
  });

  it('reminds after 1, 3, 9 and 24 hours, then daily', () => {
    const hours = [0, 1, 2, 3, 4, 5].map((n) => (nextReminder(n, NOW).getTime() - NOW.getTime()) / HOUR_MS);
    expect(hours).toEqual([1, 3, 9, 24, 48, 72]);
    expect([lengthOf(59_000), lengthOf(9.5 * HOUR_MS), lengthOf(49 * HOUR_MS)]).toEqual(['0 min', '9 h', '2 days']);
  });
});
