import { beginningLikeness, initialLikeness, LEAST_LIKENESS, wordLikeness } from './compare-tokens.js';
import { legibleText } from './legible-text.js';
import { ANY_WORD, joinedToken, type NameToken, tokensOf } from './name-token.js';

/** A name, taken apart once and compared often. */
export interface ParsedName {
  readonly tokens: readonly NameToken[];
  /** Its last word may go on, and more words may follow. */
  readonly cut: boolean;
}

export type NameReasonKind =
  /** The same word, in whichever script, capitals and accents. */
  | 'same'
  /** Another spelling of the word. */
  | 'spelling'
  /** One letter for the word. */
  | 'initial'
  /** The beginning of the word, where the field ended. */
  | 'beginning'
  /** One word where the other has two. */
  | 'joined'
  /** A word that the other lacks. */
  | 'missing'
  /** The words come in another order. */
  | 'order';

/** Why a score is what it is: the words in Latin letters, as they were compared. */
export interface NameReason {
  readonly kind: NameReasonKind;
  /** Of the name that was asked about. */
  readonly shown?: string;
  /** Of the person's name. */
  readonly name?: string;
  /** 0 to 1, in full hundredths: how alike the two words are. */
  readonly likeness?: number;
}

export interface NameComparison {
  /** 0: nothing in common; 1: the same name. */
  readonly score: number;
  readonly reasons: readonly NameReason[];
}

/** How alike two words were in an earlier comparison; keeps what is asked again and again. */
export type WordMemory = (shown: NameToken, word: NameToken, compare: () => number) => number;

const NOTHING_KEPT: WordMemory = (_shown, _word, compare) => compare();

/** What a word costs that the longer name has and the shorter lacks. */
const LEFT_OUT = 0.13;
/** The same, where the field ended before it. */
const CUT_OFF = 0.02;
const OUT_OF_ORDER = 0.97;
const OTHER_SCRIPT = 0.995;
const JOINED = 0.985;
const LEAST_JOINED = 0.85;

/** Takes a name apart: the name that a terminal shows, or a person's. Any text will do. */
export function parseName(text: string): ParsedName {
  const { words, cut, goesOn } = legibleText(text);
  const tokens = tokensOf(words, cut);
  return { tokens: goesOn ? [...tokens, ANY_WORD] : tokens, cut: cut || goesOn };
}

/**
 * How likely `shown`, a name as a terminal has it, is the name of a person called `name`, judged by the two names alone.
 * Case, accents, script, spaces and spelling matter little, the order of words hardly. Symmetric unless one of them is
 * cut off. Any texts will do; a text without a letter is like no other.
 */
export function compareNames(shown: string, name: string): NameComparison {
  return compareParsed(parseName(shown), { ...parseName(name), cut: false });
}

/** As compareNames, of names taken apart before. */
export function compareParsed(shown: ParsedName, name: ParsedName, memory = NOTHING_KEPT): NameComparison {
  const pairs = pairsOf(shown, name, memory);
  const chosen = choose(pairs, shown.tokens.length, name.tokens.length);
  return { score: scoreOf(shown, name, chosen), reasons: reasonsOf(shown, name, chosen) };
}

/** Words of both names that belong together: places and how many of them, likeness, and what that says. */
interface Pair {
  readonly at: readonly [number, number];
  readonly length: readonly [number, number];
  readonly kind: NameReasonKind;
  readonly likeness: number;
  readonly weight: number;
}

function pairsOf(shown: ParsedName, name: ParsedName, memory: WordMemory): Pair[] {
  const pairs: Pair[] = [];
  shown.tokens.forEach((a, i) => {
    const mayGoOn = shown.cut && i === shown.tokens.length - 1;
    name.tokens.forEach((b, j) => {
      const pair = pairOf(a, b, mayGoOn, memory);
      if (pair) pairs.push({ ...pair, at: [i, j], length: [1, 1] });
      joinedPairs(shown.tokens, name.tokens, i, j, pairs);
    });
  });
  return pairs;
}

function pairOf(
  a: NameToken,
  b: NameToken,
  mayGoOn: boolean,
  memory: WordMemory,
): Pick<Pair, 'kind' | 'likeness' | 'weight'> | undefined {
  if (a.initial || b.initial) {
    const fits = a.initial ? initialLikeness(a, b) : initialLikeness(b, a);
    return fits > 0 ? { kind: 'initial', likeness: fits, weight: Math.min(a.weight, b.weight) } : undefined;
  }
  const whole = memory(a, b, () => wordLikeness(a, b));
  const weight = (a.weight + b.weight) / 2;
  if (mayGoOn && whole < 0.995) {
    const beginning = beginningLikeness(a, b);
    if (beginning > whole && beginning >= 0.7)
      return { kind: 'beginning', likeness: beginning - 0.005, weight: weightOfBeginning(a) };
  }
  if (whole < LEAST_LIKENESS) return undefined;
  return { kind: whole === 1 ? 'same' : 'spelling', likeness: whole, weight };
}

/** Two words of one name as one word of the other. */
function joinedPairs(a: readonly NameToken[], b: readonly NameToken[], i: number, j: number, pairs: Pair[]): void {
  const add = (long: readonly NameToken[], at: number, word: NameToken, length: [number, number]): void => {
    const [first, second] = [long[at], long[at + 1]];
    if (second === undefined || first.initial || second.initial || word.initial) return;
    if (Math.abs(first.key.length + second.key.length - word.key.length) > 4 || first.key[0] !== word.key[0]) return;
    const likeness = wordLikeness(joinedToken(first, second), word) * JOINED;
    if (likeness >= LEAST_JOINED) pairs.push({ at: [i, j], length, kind: 'joined', likeness, weight: 1 });
  };
  add(a, i, b[j], [2, 1]);
  add(b, j, a[i], [1, 2]);
}

function weightOfBeginning({ readings: [{ sounds }] }: NameToken): number {
  return Math.min(0.9, 0.2 + 0.15 * sounds.length);
}

/** The best pairs that share no word. */
function choose(pairs: Pair[], shownCount: number, nameCount: number): Pair[] {
  const value = (pair: Pair): number => pair.likeness * pair.weight;
  const distance = ({ at: [i, j] }: Pair): number => Math.abs(i - j);
  pairs.sort((p, q) => value(q) - value(p) || distance(p) - distance(q) || p.at[0] + p.at[1] - q.at[0] - q.at[1]);
  const [takenA, takenB] = [new Uint8Array(shownCount), new Uint8Array(nameCount)];
  const isFree = (taken: Uint8Array, at: number, length: number): boolean =>
    !taken.subarray(at, at + length).includes(1);
  return pairs.filter(({ at: [i, j], length: [m, n] }) => {
    if (!isFree(takenA, i, m) || !isFree(takenB, j, n)) return false;
    takenA.fill(1, i, i + m);
    takenB.fill(1, j, j + n);
    return true;
  });
}

function scoreOf(shown: ParsedName, name: ParsedName, chosen: readonly Pair[]): number {
  if (chosen.length === 0) return 0;
  let agreed = 0;
  let judged = 0;
  for (const { likeness, weight } of chosen) {
    agreed += weight * likeness * likeness;
    judged += weight;
  }
  const reached = Math.max(...chosen.map(({ at, length }) => at[1] + length[1]));
  const left = unmatched(shown.tokens, chosen, 0, () => 1);
  const right = unmatched(name.tokens, chosen, 1, () => 1);
  const lost =
    right > left
      ? LEFT_OUT * (right - left) -
        (shown.cut ? (LEFT_OUT - CUT_OFF) * unmatched(name.tokens, chosen, 1, (place) => (place < reached ? 0 : 1)) : 0)
      : LEFT_OUT * (left - right);
  const order = isInOrder(chosen) ? 1 : OUT_OF_ORDER;
  const script = writtenAlike(shown, name) ? 1 : OTHER_SCRIPT;
  return Math.min(1, (order * script * agreed) / (judged + Math.min(left, right) + Math.max(0, lost)));
}

/** The weight of the words that found no counterpart. */
function unmatched(
  tokens: readonly NameToken[],
  chosen: readonly Pair[],
  side: 0 | 1,
  share: (place: number) => number,
): number {
  return tokens.reduce((sum, token, at) => (isTaken(chosen, side, at) ? sum : sum + token.weight * share(at)), 0);
}

/** Two offices write a name in one script more often than not. */
function writtenAlike(a: ParsedName, b: ParsedName): boolean {
  return a.tokens[0]?.readings[0].vowels === b.tokens[0]?.readings[0].vowels;
}

function isTaken(chosen: readonly Pair[], side: 0 | 1, place: number): boolean {
  return chosen.some(({ at, length }) => place >= at[side] && place < at[side] + length[side]);
}

function isInOrder(chosen: readonly Pair[]): boolean {
  const inOrder = [...chosen].sort((p, q) => p.at[0] - q.at[0]);
  return inOrder.every(({ at }, place) => place === 0 || inOrder[place - 1].at[1] < at[1]);
}

function reasonsOf(shown: ParsedName, name: ParsedName, chosen: readonly Pair[]): NameReason[] {
  const words = (tokens: readonly NameToken[], at: number, length: number): string =>
    tokens
      .slice(at, at + length)
      .map(({ key }) => key)
      .join(' ');
  const reasons: NameReason[] = [...chosen]
    .sort((p, q) => p.at[0] - q.at[0])
    .map(({ at: [i, j], length: [m, n], kind, likeness }) => ({
      kind,
      shown: words(shown.tokens, i, m),
      name: words(name.tokens, j, n),
      likeness: Math.floor(likeness * 100) / 100,
    }));
  shown.tokens.forEach(({ key }, place) => {
    if (!isTaken(chosen, 0, place)) reasons.push({ kind: 'missing', shown: key });
  });
  name.tokens.forEach(({ key }, place) => {
    if (!isTaken(chosen, 1, place)) reasons.push({ kind: 'missing', name: key });
  });
  if (!isInOrder(chosen)) reasons.push({ kind: 'order' });
  return reasons;
}
