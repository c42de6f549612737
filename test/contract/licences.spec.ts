import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
// @ts-expect-error -- a script without types, which runs before anything is installed
import { licencesPage, refusedLicences, shippedPackages } from '../../scripts/lib/licences.mjs';

interface Lock {
  readonly packages: Readonly<
    Record<string, { readonly dev?: boolean; readonly license?: string; readonly version?: string }>
  >;
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as Lock;
const page = licencesPage as (lock: Lock) => string;
const refused = refusedLicences as (lock: Lock) => { name: string }[];
const shipped = shippedPackages as (lock: Lock) => { name: string }[];

describe('licences', () => {
  it('of everything that is shipped permit that, and stand in licences.md (npm run licences)', () => {
    expect(refused(lock)).toEqual([]);
    expect(readFileSync('licences.md', 'utf8')).toBe(page(lock));
    expect(shipped(lock).length).toBeGreaterThan(100);
  });

  it('are refused when they are unknown, copyleft, or only half good', () => {
    const packages = {
      'node_modules/good': { version: '1.0.0', license: '(MIT OR Apache-2.0)' },
      'node_modules/half': { version: '1.0.0', license: '(MIT AND GPL-3.0-only)' },
      'node_modules/copyleft': { version: '1.0.0', license: 'AGPL-3.0-or-later' },
      'node_modules/silent': { version: '1.0.0' },
      'node_modules/of-developers': { version: '1.0.0', license: 'GPL-3.0-only', dev: true },
    };
    expect(refused({ packages }).map(({ name }) => name)).toEqual(['copyleft', 'half', 'silent']);
  });

  it('has a lock file without addresses of a registry of somebody’s own', () => {
    const hosts = new Set(
      [...readFileSync('package-lock.json', 'utf8').matchAll(/"resolved": "https?:\/\/([^/"]+)/g)].map(
        ([, host]) => host,
      ),
    );
    expect([...hosts].filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
  });
});
