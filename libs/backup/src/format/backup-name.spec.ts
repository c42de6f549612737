import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { backupFilename, parseBackupFilename } from './backup-name.js';

const slug = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);
const instant = fc.date({
  min: new Date('1970-01-01T00:00:00Z'),
  max: new Date('9999-12-31T23:59:59.999Z'),
  noInvalidDate: true,
});

describe('the name of a backup', () => {
  it('Property 20: tells the instant, and names sort as their instants do', () => {
    fc.assert(
      fc.property(slug, instant, instant, fc.boolean(), (device, one, other, encrypted) => {
        const [a, b] = [one, other].map((takenAt) => backupFilename({ slug: device, takenAt, encrypted }));
        expect(parseBackupFilename(a)).toEqual({ slug: device, takenAt: one, encrypted });
        expect(Math.sign(a < b ? -1 : a > b ? 1 : 0)).toBe(Math.sign(one.getTime() - other.getTime()));
        expect(a).toMatch(/^[a-z0-9-]+-users-backup-\d{8}T\d{9}Z\.json(\.age)?$/);
      }),
    );
  });

  it('is no other name', () => {
    for (const name of [
      '',
      'x',
      '../a-users-backup-20260131T094500123Z.json',
      'a-users-backup-20260230T094500123Z.json',
      'a-users-backup-20260131T094500123Z.json.bak',
    ])
      expect(parseBackupFilename(name)).toBeUndefined();
  });
});
