/** `npm run bench`: measures speed and memory as ratios within one run and prints a table. It asserts nothing. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';

ensureInstalled();
ensureBuilt();
const wanted = process.argv.slice(2);
for (const name of [
  'reading',
  'storing',
  'leases',
  'punches',
  'audit',
  'memory',
  'dial-in',
  'monitoring',
  'suggestions',
  'people',
  'backup',
  'api',
]) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const { run } = await import(pathToFileURL(join(root, 'bench', `${name}.mjs`)).href);
  await run();
}
process.exit(0);
