import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CULTURES = ['arabic', 'amharic', 'spanish', 'south-asian'];

const FOLDER = dirname(fileURLToPath(import.meta.url));

/**
 * The name parts of a culture: `{ given, family }`, each part with its `native` and `latin` spellings, the most usual
 * first. `half` 0 and 1 are the lines at even and odd places, which share no line; without it, all.
 */
export function poolsOf(culture, half) {
  const sections = { given: [], family: [] };
  let section = sections.given;
  for (const line of readFileSync(join(FOLDER, `${culture}.txt`), 'utf8').split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    if (line.startsWith('[')) section = sections[line.slice(1, -1)];
    else section.push(partOf(culture, line));
  }
  if (half === undefined) return sections;
  const ofHalf = (parts) => parts.filter((_, place) => place % 2 === half);
  return { given: ofHalf(sections.given), family: ofHalf(sections.family) };
}

function partOf(culture, line) {
  const [native, latin = ''] = line.split(' = ');
  const spellings = latin === '' ? [] : latin.split(', ');
  if (culture === 'spanish') return { native: [native], latin: [native, ...spellings], script: 'Latn' };
  return { native: native.split('/'), latin: spellings, script: scriptOf(native) };
}

function scriptOf(text) {
  return ['Arabic', 'Ethiopic', 'Devanagari', 'Bengali'].find((script) =>
    new RegExp(`\\p{Script=${script}}`, 'u').test(text),
  );
}
