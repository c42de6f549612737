import { type Sounds, type WrittenVowels } from './sounds.js';

const STRONG = 0;
const WEAK = 1;
const VOWEL = 2;
const SIZE = 128;
const SWAPPED = 0.7;

/** What it costs to take one sound for another; a pair that is not listed costs 1, sounds of a word must cost less. */
const CONFUSED: Readonly<Record<string, number>> = {
  ae: 0.15, ai: 0.3, ao: 0.2, au: 0.25, ei: 0.1, eo: 0.35, eu: 0.35, io: 0.4, iu: 0.4, ou: 0.1,
  iy: 0.05, ey: 0.1, ay: 0.3, uw: 0.08, ow: 0.12, aw: 0.3, vw: 0.12, uv: 0.4, ov: 0.4, bv: 0.2, bw: 0.35,
  bp: 0.35, fp: 0.3, fv: 0.3, dt: 0.5, tT: 0.08, sT: 0.25, dD: 0.08, zD: 0.12, dz: 0.45, tD: 0.5, dT: 0.5, TD: 0.2, rR: 0.05, dR: 0.15, DR: 0.2, lR: 0.4,
  sz: 0.15, sS: 0.2, SC: 0.25, sC: 0.4, jC: 0.4, jz: 0.3, jy: 0.3, gj: 0.2, hj: 0.35, kC: 0.35,
  gk: 0.3, kx: 0.12, hx: 0.3, gx: 0.35, mn: 0.35, lr: 0.6, gh: 0.45, yj: 0.3, ya: 0.3,
}; // prettier-ignore

const substitution = tableOf();
const kinds = Uint8Array.from({ length: SIZE }, (_, code) => {
  const sound = String.fromCharCode(code);
  return 'aeiou'.includes(sound) ? VOWEL : 'hwy'.includes(sound) ? WEAK : STRONG;
});

function tableOf(): Float64Array {
  const table = new Float64Array(SIZE * SIZE).fill(1);
  for (const [pair, cost] of Object.entries(CONFUSED)) {
    const [a, b] = [pair.charCodeAt(0), pair.charCodeAt(1)];
    table[a * SIZE + b] = cost;
    table[b * SIZE + a] = cost;
  }
  for (let code = 0; code < SIZE; code += 1) table[code * SIZE + code] = 0;
  return table;
}

/** What it costs that only one of two words has a vowel, by how many vowels the other's script writes down. */
const OMITTED_VOWEL: Readonly<Record<WrittenVowels, number>> = { all: 0.22, most: 0.12, long: 0.04 };
/** How much a vowel says about a word, where the other word may lack it. */
const VOWEL_WEIGHT: Readonly<Record<WrittenVowels, number>> = { all: 0.4, most: 0.3, long: 0.1 };

/** Longer than any word that `soundsOf` gives. */
const LONGEST = 64;
/** Scratch space of one comparison; nothing here outlives a call. */
const rows = [0, 1, 2].map(() => new Float64Array(LONGEST + 1));
const omitX = new Float64Array(LONGEST);
const omitY = new Float64Array(LONGEST);

export interface Likeness {
  /** 0 to 1, of the whole words. */
  readonly whole: number;
  /** 0 to 1, of the first word with the best beginning of the second. */
  readonly beginning: number;
}

const EQUAL: Likeness = { whole: 1, beginning: 1 };

/** How alike two words sound. Symmetric in `whole`; 1 only for equal words. */
export function likeness(a: Sounds, b: Sounds): Likeness {
  if (a.latin === b.latin) return EQUAL;
  const same = a.vowels === b.vowels;
  const [forX, forY] = [same ? 'all' : b.vowels, same ? 'all' : a.vowels] as const;
  const [x, y] = [a.sounds, b.sounds];
  fillCosts(x, OMITTED_VOWEL[forX], omitX);
  fillCosts(y, OMITTED_VOWEL[forY], omitY);
  const last = lastRow(x, y);
  const sizeOfX = sizeOf(x, VOWEL_WEIGHT[forX]);
  let sizeOfY = 0;
  let beginning = 0;
  for (let length = 1; length <= y.length; length += 1) {
    sizeOfY += weightOf(y.charCodeAt(length - 1), VOWEL_WEIGHT[forY]);
    beginning = Math.max(beginning, similarity(last[length], Math.max(sizeOfX, sizeOfY)));
  }
  return { whole: similarity(last[y.length], Math.max(sizeOfX, sizeOfY)), beginning };
}

/** What it costs to take one sound for the other, 0 to 1. */
export function soundDistance(a: string, b: string): number {
  return substitution[(a.charCodeAt(0) & 127) * SIZE + (b.charCodeAt(0) & 127)];
}

/** Equal sounds of unequal words are a little less than 1. */
function similarity(cost: number, size: number): number {
  return Math.max(0, 0.995 - cost / Math.max(size, 1));
}

/** How much a sound says. */
function weightOf(code: number, vowel: number): number {
  const kind = kinds[code & 127];
  return kind === VOWEL ? vowel : kind === WEAK ? 0.6 : 1;
}

function sizeOf(sounds: string, vowel: number): number {
  let size = 0;
  for (let at = 0; at < sounds.length; at += 1) size += weightOf(sounds.charCodeAt(at), vowel);
  return size;
}

/** What leaving out each sound costs. */
function fillCosts(sounds: string, vowel: number, costs: Float64Array): void {
  for (let at = 0; at < sounds.length; at += 1) {
    const kind = kinds[sounds.charCodeAt(at) & 127];
    costs[at] = kind === VOWEL ? vowel : kind === WEAK ? 0.35 : 1;
  }
}

/** The cheapest way from `x` to each beginning of `y`; neighbours may have changed places. */
function lastRow(x: string, y: string): Float64Array {
  let [before, above, row] = rows;
  row[0] = 0;
  for (let j = 1; j <= y.length; j += 1) row[j] = row[j - 1] + omitY[j - 1];
  for (let i = 1; i <= x.length; i += 1) {
    [before, above, row] = [above, row, before];
    row[0] = above[0] + omitX[i - 1];
    const code = x.charCodeAt(i - 1) & 127;
    for (let j = 1; j <= y.length; j += 1) {
      const other = y.charCodeAt(j - 1) & 127;
      let cost = above[j - 1] + substitution[code * SIZE + other];
      if (above[j] + omitX[i - 1] < cost) cost = above[j] + omitX[i - 1];
      if (row[j - 1] + omitY[j - 1] < cost) cost = row[j - 1] + omitY[j - 1];
      const swapped = i > 1 && j > 1 && code !== other && isSwapped(x, y, i, j);
      if (swapped && before[j - 2] + SWAPPED < cost) cost = before[j - 2] + SWAPPED;
      row[j] = cost;
    }
  }
  return row;
}

function isSwapped(x: string, y: string, i: number, j: number): boolean {
  return x.charCodeAt(i - 1) === y.charCodeAt(j - 2) && x.charCodeAt(i - 2) === y.charCodeAt(j - 1);
}
