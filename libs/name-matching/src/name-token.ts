import { plain, romanized, skeletonOf, type Sounds, soundsOf, vowelsWritten } from './sounds.js';

/** A word of a name, as it is compared. */
export interface NameToken {
  /** In Latin letters; two tokens of the same `key` are the same. */
  readonly key: string;
  /** How it can be understood: with and without what may be an article, say. The first is the likeliest. */
  readonly readings: readonly Sounds[];
  /** 0 to 1: how much the word says about whose name it is. */
  readonly weight: number;
  /** One letter in place of a word. */
  readonly initial: boolean;
}

/** In front of a name, and no part of what tells people apart. */
const ARTICLES = new Set(
  ['al', 'el', 'ul', 'ur', 'ud', 'de', 'del', 'la', 'las', 'los', 'y', 'da', 'do', 'dos', 'das', 'van', 'von'].values(),
);
/** Son, daughter and titles: written or not, as it comes. */
const LINKS = new Set(['bin', 'ben', 'ibn', 'bn', 'bint', 'md', 'mr', 'mrs', 'ato', 'dr', 'wro']);
/** Of one name with what follows, however it is spaced. */
const HEADS = /^(abd([uea]|ou|oo)?[lrsdzn]?|abd|abw|abou?|abu|umm?|bou?|bu)$/;
const SERVANT = /^[ae]bd(?:[uea]|ou|oo)?([lrsdztn])(.+)$/;
const ARTICLE_BEFORE = /^[aei]l(.{3,})$/;
/** The l of an article sounds like the letter that follows it: as in Annajar. */
const ASSIMILATED = /^[ae]s?([tdrzsn])h?\1/;

const LINK_WEIGHT = 0.12;
const INITIAL_WEIGHT = 0.4;

/** In place of a word of which nothing is legible: it may be any. */
export const ANY_WORD: NameToken = {
  key: '…',
  readings: [{ latin: '', sounds: '', vowels: 'all' }],
  weight: 0.2,
  initial: true,
};

/** The words of a name as tokens; `lastIsCut` says that the last one may be a beginning only, and so no initial. */
export function tokensOf(words: readonly string[], lastIsCut: boolean): NameToken[] {
  const tokens: NameToken[] = [];
  let head = '';
  let article = '';
  words.forEach((word, place) => {
    const latin = romanized(word);
    if (latin === '') return;
    const isLast = place === words.length - 1;
    if (!isLast && HEADS.test(latin)) {
      head += latin;
      return;
    }
    if (ARTICLES.has(latin) && !(isLast && tokens.length === 0) && letterCount(word) > 1) {
      article = latin;
      return;
    }
    const joined: string = head + latin;
    head = '';
    if (LINKS.has(joined)) tokens.push(tokenOf(joined, word, LINK_WEIGHT));
    else if (letterCount(word) === 1 && joined === latin && !(isLast && lastIsCut))
      tokens.push({ ...tokenOf(joined, word, INITIAL_WEIGHT), initial: true });
    else tokens.push(withArticle(tokenOf(joined, word), article));
    article = '';
  });
  return tokens;
}

/** Two neighbouring words as one, as in Gebre Mariam. */
export function joinedToken(a: NameToken, b: NameToken): NameToken {
  const sounds = soundsOf(a.key + b.key, a.readings[0].vowels);
  return { key: a.key + b.key, readings: [sounds], weight: weightOf(sounds), initial: false };
}

/** Under which skeletons a token can be looked up. */
export function skeletonsOf(token: NameToken): string[] {
  return [...new Set(token.readings.map(({ sounds }) => skeletonOf(sounds)))];
}

function tokenOf(latin: string, word: string, weight?: number): NameToken {
  const vowels = vowelsWritten(word);
  const readings = readingsOf(latin).map((reading) => soundsOf(reading, vowels));
  return { key: plain(latin), readings, weight: weight ?? weightOf(readings[0]), initial: false };
}

/** Whose article is written apart may have it written on, or have its letter for an initial. */
function withArticle(token: NameToken, article: string): NameToken {
  if (!/^[aeu]l$/.test(article)) return token;
  const [{ latin, vowels }] = token.readings;
  return {
    ...token,
    key: `${article}${token.key}`,
    readings: [...token.readings, soundsOf(`${article}${latin}`, vowels)],
  };
}

function readingsOf(latin: string): string[] {
  const servant = SERVANT.exec(latin);
  if (servant) {
    const [, letter, rest] = servant;
    const name = letter === 'l' ? rest.replace(/^l(?=l)/, '') : rest.startsWith(letter) ? rest : `${letter}${rest}`;
    return letter === 'l' || rest.startsWith(letter) ? [`abd${name}`] : [latin, `abd${name}`];
  }
  const [, bare] = ARTICLE_BEFORE.exec(latin) ?? [];
  if (bare !== undefined) return [latin, bare];
  return ASSIMILATED.test(latin) && latin.length > 5 ? [latin, latin.slice(1)] : [latin];
}

/** A short word says less than a long one. */
function weightOf({ sounds }: Sounds): number {
  const consonants = sounds.replace(/[aeiouhwy]/g, '').length;
  return Math.min(1, 0.7 + 0.1 * consonants);
}

function letterCount(word: string): number {
  return (word.match(/\p{L}/gu) ?? []).length;
}
