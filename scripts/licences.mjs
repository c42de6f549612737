/**
 * `npm run licences`: writes licences.md, the packages that come with Holdfast and their licences, out of package-lock.json.
 * Exit code 1 when one of them is not among those that may be shipped. A test holds the file to the lock file.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { licencesPage, refusedLicences } from './lib/licences.mjs';
import { root } from './lib/prepare.mjs';

const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
writeFileSync(join(root, 'licences.md'), licencesPage(lock));
const refused = refusedLicences(lock);
for (const { name, version, licence } of refused)
  process.stderr.write(`holdfast: ${name} ${version} has the licence ${licence}, which may not be shipped\n`);
process.exitCode = refused.length === 0 ? 0 : 1;
