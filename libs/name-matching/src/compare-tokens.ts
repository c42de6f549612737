import { type NameToken } from './name-token.js';
import { likeness, soundDistance } from './sound-distance.js';

/** Below this, two words have nothing to do with each other. */
export const LEAST_LIKENESS = 0.6;

/** How alike two whole words are, 0 to 1, in the best reading of both. */
export function wordLikeness(a: NameToken, b: NameToken): number {
  return best(a, b, (x, y) => likeness(x, y).whole);
}

/** How alike a word that may be cut is to the beginning of another. */
export function beginningLikeness(cut: NameToken, whole: NameToken): number {
  return best(cut, whole, (x, y) => likeness(x, y).beginning);
}

/** How well a single letter stands for a word, 0 to 1; 0 where it does not. */
export function initialLikeness(initial: NameToken, word: NameToken): number {
  const [own] = initial.readings;
  if (own.latin === '') return 0.9;
  let most = 0;
  for (const { latin, sounds } of word.readings) {
    const sameVowel = latin.startsWith(own.latin) ? 0.99 : 0.97;
    if (latin[0] === own.latin[0]) most = Math.max(most, sameVowel);
    else most = Math.max(most, 0.93 - soundDistance(own.sounds[0] ?? '', sounds[0] ?? ''));
  }
  return most < LEAST_LIKENESS ? 0 : most;
}

function best(
  a: NameToken,
  b: NameToken,
  compare: (x: NameToken['readings'][0], y: NameToken['readings'][0]) => number,
) {
  let most = 0;
  for (const [i, x] of a.readings.entries()) {
    for (const [j, y] of b.readings.entries()) {
      // A reading that leaves something out must not beat one that does not.
      most = Math.max(most, compare(x, y) - (i + j > 0 ? 0.01 * Math.abs(i - j) : 0));
    }
  }
  return most;
}
