import { LEAST_LIKENESS, beginningLikeness, wordLikeness } from './compare-tokens.js';
import { compareParsed, type NameComparison, parseName, type ParsedName, type WordMemory } from './compare-names.js';
import { Shares } from './shares.js';
import { joinedToken, type NameToken, skeletonsOf } from './name-token.js';

export interface NameMatch extends NameComparison {
  readonly id: string;
}

/** How many people are compared exactly; more never came first in any sample. */
const CANDIDATES = 120;
/** The longest skeleton beginning that a cut word is looked up by. */
const LONGEST_BEGINNING = 4;

interface IndexedWord {
  readonly token: NameToken;
  /** Places of the people who have it, each once. */
  readonly people: number[];
}

/**
 * Finds, among many people, those whose name a terminal may have shown. A name's words are looked up by their consonants,
 * give or take one; the people who share the rarest and likeliest of them are compared exactly.
 */
export class NameIndex {
  private readonly words: IndexedWord[] = [];
  private readonly wordsByKey = new Map<string, number>();
  /** Skeletons, and skeletons less one letter, to words. */
  private readonly bySkeleton = new Map<string, number[]>();
  private readonly byBeginning = new Map<string, number[]>();
  private readonly ids: string[] = [];
  private readonly names: number[][] = [];

  /** How many people it holds. */
  get size(): number {
    return this.ids.length;
  }

  /** Takes a person in. A name without a letter is never found. */
  add(id: string, name: string): void {
    const place = this.ids.push(id) - 1;
    const own = parseName(name).tokens.map((token) => this.wordOf(token));
    this.names.push(own);
    for (const word of new Set(own)) this.words[word].people.push(place);
  }

  /**
   * The likeliest people, best first, of those that `accepts` lets through; equally likely ones in the order in which
   * they were taken in. Who shares no word with `shown` does not come.
   */
  search(shown: string, limit: number, accepts: (id: string) => boolean = () => true): NameMatch[] {
    const parsed = parseName(shown);
    const likenesses = new Map<NameToken, Map<NameToken, number>>();
    const memory = rememberIn(likenesses);
    return this.candidates(parsed, memory, accepts)
      .map((place) => ({ id: this.ids[place], place, ...compareParsed(parsed, this.nameAt(place), memory) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score || a.place - b.place)
      .slice(0, limit)
      .map(({ id, score, reasons }) => ({ id, score, reasons }));
  }

  private nameAt(place: number): ParsedName {
    return { tokens: this.names[place].map((word) => this.words[word].token), cut: false };
  }

  private wordOf(token: NameToken): number {
    const key = `${token.key}${token.initial ? '.' : ''}${token.readings[0].vowels}`;
    const known = this.wordsByKey.get(key);
    if (known !== undefined) return known;
    const word = this.words.push({ token, people: [] }) - 1;
    this.wordsByKey.set(key, word);
    for (const skeleton of skeletonsOf(token)) {
      for (const form of nearForms(skeleton)) append(this.bySkeleton, form, word);
      for (let length = 1; length <= Math.min(LONGEST_BEGINNING, skeleton.length); length += 1)
        append(this.byBeginning, skeleton.slice(0, length), word);
    }
    return word;
  }

  /** The places of the people who share the most with a name, weighed by how rare it is. */
  private candidates(shown: ParsedName, memory: WordMemory, accepts: (id: string) => boolean): number[] {
    const shares = new Shares(this.size);
    shown.tokens.forEach((token, place) => {
      if (token.initial) return;
      this.addShares(shares, token, shown.cut && place === shown.tokens.length - 1, memory);
      const next = shown.tokens[place + 1];
      if (next !== undefined && !next.initial) this.addShares(shares, joinedToken(token, next), false, memory);
      shares.endOfWord();
    });
    return shares.best(CANDIDATES, (place) => accepts(this.ids[place]));
  }

  /** Notes who has a word like this one, and how much that says. */
  private addShares(shares: Shares, token: NameToken, mayGoOn: boolean, memory: WordMemory): void {
    for (const word of this.wordsLike(token, mayGoOn)) {
      const { token: other, people } = this.words[word];
      let likeness = memory(token, other, () => wordLikeness(token, other));
      if (mayGoOn && likeness < 0.9) likeness = Math.max(likeness, beginningLikeness(token, other) * 0.9);
      if (likeness < LEAST_LIKENESS) continue;
      shares.add(people, token.weight * likeness ** 4 * (1 + Math.log10(this.size / people.length)));
    }
  }

  private wordsLike(token: NameToken, mayGoOn: boolean): Set<number> {
    const found = new Set<number>();
    for (const skeleton of skeletonsOf(token)) {
      for (const form of nearForms(skeleton)) for (const word of this.bySkeleton.get(form) ?? []) found.add(word);
      if (!mayGoOn) continue;
      for (const word of this.byBeginning.get(skeleton.slice(0, LONGEST_BEGINNING)) ?? []) found.add(word);
    }
    return found;
  }
}

/** A skeleton and what is left of it without any one letter: two that share a form differ in one letter at most. */
function nearForms(skeleton: string): string[] {
  const forms = [skeleton];
  if (skeleton.length > 2)
    for (let at = 0; at < skeleton.length; at += 1) forms.push(skeleton.slice(0, at) + skeleton.slice(at + 1));
  return forms;
}

function append(map: Map<string, number[]>, key: string, value: number): void {
  const known = map.get(key);
  if (known === undefined) map.set(key, [value]);
  else if (known.at(-1) !== value) known.push(value);
}

function rememberIn(kept: Map<NameToken, Map<NameToken, number>>): WordMemory {
  return (shown, word, compare) => {
    const own = kept.get(shown) ?? new Map<NameToken, number>();
    kept.set(shown, own);
    const known = own.get(word) ?? compare();
    own.set(word, known);
    return known;
  };
}
