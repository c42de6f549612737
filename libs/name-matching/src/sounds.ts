import anyAscii from 'any-ascii';
import { isArabicScript, romanizeArabic } from './arabic-script.js';
import { joinedPieces } from './joined-pieces.js';
import { isBrahmicScript, romanizeBrahmic } from './brahmic-script.js';

/** As many sounds of one word as are compared. */
const MAX_SOUNDS = 32;

/**
 * Spellings that stand for one sound, applied in this order. `S` is sh, `C` is ch, `x` is kh; `T` and `D` are the sounds
 * written th and dh, and `R` the flapped r or d of India. What is not listed stands for itself.
 */
const RULES: readonly (readonly [RegExp, string])[] = [
  [/^x(?=[aei])/g, 'j'], // Ximena
  [/x/g, 'ks'],
  [/t?sch|tch/g, 'C'],
  [/kh/g, 'K'],
  [/t[sz](?=[aeiouy])/g, 's'],
  [/sh/g, 'S'],
  [/ch/g, 'C'],
  [/gh/g, 'g'],
  [/ph/g, 'f'],
  [/th/g, 'T'],
  [/dh/g, 'D'],
  [/dj|zh/g, 'j'],
  [/([bjrl])h/g, '$1'],
  [/gn(?=[aeiou]|$)|ny(?=[aeiou]|$)/g, 'n'],
  [/gu(?=[ei])/g, 'g'],
  [/qu(?=[ei])/g, 'k'],
  [/c(?=[eiy])/g, 's'],
  [/ck|[cq]/g, 'k'],
  [/K/g, 'x'],
  [/ou|oo/g, 'u'],
  [/ee|(?<=[^aeiou])y$/g, 'i'],
  [/([a-zA-Z])\1+/g, '$1'],
  [/(?<=[aeiou])h$|-/g, ''],
];

/** `long`: Arabic and Urdu leave short ones out. `most`: Ge'ez and Indian scripts do not tell some from none. */
export type WrittenVowels = 'all' | 'most' | 'long';

/** How a word sounds, whichever script and spelling it is in. */
export interface Sounds {
  /** The word in plain Latin letters; equal for equal words. */
  readonly latin: string;
  readonly sounds: string;
  /** How many of its vowels its script writes down. */
  readonly vowels: WrittenVowels;
}

const ETHIOPIC = /\p{Script=Ethiopic}/u;

/** The word in Latin letters; capitals and `-` are marks for `soundsOf`. Empty where nothing is legible. */
export function romanized(word: string): string {
  if (isArabicScript(word)) return romanizeArabic(word);
  if (isBrahmicScript(word)) return romanizeBrahmic(word);
  // A vowel carrier at the beginning is spoken, though it has no vowel of its own.
  if (ETHIOPIC.test(word)) return joinedPieces(Array.from(word.replace(/^[እዕ]/u, 'e'), lettersOf));
  return lettersOf(word);
}

function lettersOf(text: string): string {
  return anyAscii(text)
    .toLowerCase()
    .replace(/[^a-z0-9]/g, '');
}

export function vowelsWritten(word: string): WrittenVowels {
  if (isArabicScript(word)) return 'long';
  return isBrahmicScript(word) || ETHIOPIC.test(word) ? 'most' : 'all';
}

export function soundsOf(latin: string, vowels: WrittenVowels): Sounds {
  let sounds = latin;
  for (const [spelling, sound] of RULES) sounds = sounds.replace(spelling, sound);
  return { latin: plain(latin), sounds: sounds.slice(0, MAX_SOUNDS), vowels };
}

/** As people read it. */
export function plain(latin: string): string {
  return latin.replaceAll('-', '').toLowerCase();
}

/** Sounds that spellings and ears confuse have one letter in a skeleton. */
const SKELETON: Readonly<Record<string, string>> = {
  b: 'B', p: 'B', f: 'B', v: 'B', k: 'K', g: 'K', x: 'K', j: 'J', t: 'T', d: 'T', T: 'T', D: 'T', s: 'S', z: 'S',
  S: 'S', C: 'S', m: 'N', n: 'N', l: 'L', r: 'R', R: 'R',
}; // prettier-ignore

/** The consonants that every spelling of a word has, at most eight; a first vowel or weak consonant counts as one. */
export function skeletonOf(sounds: string): string {
  let skeleton = '';
  for (let at = 0; at < sounds.length && skeleton.length < 8; at += 1) {
    const letter = SKELETON[sounds[at]] ?? (at === 0 ? 'A' : '');
    if (letter !== skeleton.at(-1)) skeleton += letter;
  }
  return skeleton;
}
