import { normalised, type UserVersion } from './user-version.js';

/**
 * Whether somebody else seems to be behind an ID. Careful on purpose, since it is only a hint for people: the name on the
 * device has no word in common with the agreed one nor with the person's, all in a script that they share; and what
 * goes with a person changed too: the card, or PIN and privilege both. A new name alone is a marriage or a correction.
 */
export function seemsReused(device: UserVersion, database: UserVersion, agreed: UserVersion): boolean {
  if (!isStranger(device.name, agreed.name) || !isStranger(device.name, database.name)) return false;
  const changed = (attribute: 'card_number' | 'privilege' | 'has_pin'): boolean =>
    device[attribute] !== undefined &&
    agreed[attribute] !== undefined &&
    normalised(attribute, device[attribute]) !== normalised(attribute, agreed[attribute]);
  return changed('card_number') || (changed('has_pin') && changed('privilege'));
}

/** Whether two names are there and nothing of one is in the other. Names in different scripts cannot be told apart. */
export function isStranger(name: string | null | undefined, other: string | null | undefined): boolean {
  const words = wordsOf(name);
  const others = wordsOf(other);
  if (words.size === 0 || others.size === 0) return false;
  const scripts = scriptsOf(others);
  if ([...scriptsOf(words)].every((script) => !scripts.has(script))) return false;
  return [...words].every((word) => [...others].every((each) => !isAlike(word, each)));
}

const IDEOGRAPHS = /\p{Script=Han}/u;
const SCRIPTS = [
  'Latin',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Ethiopic',
  'Devanagari',
  'Thai',
  'Hangul',
  'Han',
].map((script) => [script, new RegExp(String.raw`\p{Script=${script}}`, 'u')] as const);
const TELLING_LETTERS = 3;

/** Words in small letters without accents; of a name in ideographs, which has no blanks, each of them. */
function wordsOf(name: string | null | undefined): Set<string> {
  const plain = (name ?? '').normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  const words = plain.split(/[^\p{L}\p{N}]+/u).filter((word) => word !== '');
  return new Set(words.flatMap((word) => (IDEOGRAPHS.test(word) ? [...word] : [word])));
}

/** The same word, or a short form of it: `Alex` of `Alexandra`, an initial. */
function isAlike(word: string, other: string): boolean {
  const [short, long] = word.length <= other.length ? [word, other] : [other, word];
  if (short.length === 1 || short.length >= TELLING_LETTERS) return long.startsWith(short);
  return short === long;
}

function scriptsOf(words: ReadonlySet<string>): Set<string> {
  const text = [...words].join('');
  return new Set(SCRIPTS.filter(([, letter]) => letter.test(text)).map(([script]) => script));
}
