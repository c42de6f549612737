import { usuallyFirst } from './roster.mjs';

/** What a terminal makes of a name, one change at a time, and several at once. */
export const KINDS = ['cut', 'initials', 'order', 'spelling', 'script', 'dropped', 'upper', 'typo', 'combined'];

/** What a ZK terminal has room for. */
export const NAME_BYTES = 24;

const CHANGES = {
  cut: (person) => (Buffer.byteLength(person.name) > NAME_BYTES ? person.words : undefined),
  initials: (person, words, chance) => withInitials(words, chance),
  order: (person, words, chance) => reordered(words, chance),
  spelling: (person, words, chance) => respelled(words, chance),
  script: (person, words, chance) => (person.culture === 'spanish' ? unaccented(words) : rewritten(words, chance)),
  dropped: (person, words, chance) => (person.culture === 'spanish' ? shortened(words) : withoutMiddle(words, chance)),
  upper: (person, words, chance) => inCapitals(words, chance),
  typo: (person, words, chance) => mistyped(words, chance),
};
const COMBINED = ['order', 'spelling', 'script', 'dropped', 'upper', 'typo', 'initials'];

/**
 * The person's name as a terminal might show it: `{ text, words }`, the words as far as they are legible. Undefined where
 * this kind of change would change nothing.
 */
export function variantOf(person, kind, chance) {
  if (kind !== 'combined') {
    const words = CHANGES[kind](person, person.words, chance);
    if (words === undefined) return undefined;
    const variant = kind === 'cut' ? cutToBytes(words) : { text: textOf(words), words };
    return variant.text === person.name ? undefined : variant;
  }
  let { words } = person;
  const wanted = new Set([chance.pick(COMBINED), chance.pick(COMBINED)]);
  for (const change of COMBINED) if (wanted.has(change)) words = CHANGES[change](person, words, chance) ?? words;
  const variant = chance.holds(0.5) ? cutToBytes(words) : { text: textOf(words), words };
  return variant.text === person.name ? undefined : variant;
}

function textOf(words) {
  return words.map(({ text }) => text).join(' ');
}

/** Cut where the field ends, in the middle of a character too, and decoded as a reader must. */
function cutToBytes(words) {
  const bytes = Buffer.from(textOf(words)).subarray(0, NAME_BYTES);
  const text = bytes.toString('utf8');
  const legible = [];
  let from = 0;
  for (const word of words) {
    const seen = text.slice(from, from + word.text.length).replace(/\ufffd.*$/u, '');
    if (seen !== '') legible.push(seen === word.text ? word : { ...word, text: seen, whole: false });
    from += word.text.length + 1;
  }
  return { text, words: legible };
}

function withInitials(words, chance) {
  const places = words.map((_, place) => place);
  const middle = places.slice(1, -1);
  let short = middle;
  if (middle.length === 0 || chance.holds(0.5)) short = [chance.holds(0.4) ? 0 : words.length - 1];
  const dot = chance.holds(0.5) ? '.' : '';
  return words.map((word, place) =>
    short.includes(place) && word.text.length > 1
      ? { ...word, text: `${[...word.text][0]}${dot}`, initial: [...word.text][0], whole: false }
      : word,
  );
}

function reordered(words, chance) {
  if (chance.holds(0.3)) return words.toReversed();
  const last = words.at(-1);
  return [chance.holds(0.3) ? { ...last, text: `${last.text},` } : last, ...words.slice(0, -1)];
}

function respelled(words, chance) {
  const changed = words.map((word) => {
    const others = spellingsLike(word).filter((spelling) => spelling !== word.text);
    return word.whole !== false && others.length > 0 && chance.holds(0.7)
      ? { ...word, text: chance.pick(others) }
      : word;
  });
  return changed.some((word, place) => word !== words[place]) ? changed : undefined;
}

/** Other ways to write the word in its script: those of the pool, and what people type without its rarer letters. */
function spellingsLike({ part, text }) {
  if (part.latin.includes(text)) return part.latin;
  if (part.script !== 'Arabic') return part.native;
  const typed = part.native.flatMap((native) => [
    native.replace(/[أإآ]/g, 'ا'),
    native.replace(/ة$/, 'ه').replace(/[أإآ]/g, 'ا'),
    native.replace(/ى$/, 'ي'),
    native.replace(/^(عبد|أبو|بن) /, '$1'),
  ]);
  return [...part.native, ...typed];
}

function rewritten(words, chance) {
  return words.map((word) => {
    const { part, text, whole } = word;
    if (whole === false) return word;
    return { ...word, text: usuallyFirst(part.latin.includes(text) ? part.native : part.latin, chance) };
  });
}

function unaccented(words) {
  return words.map((word) => ({ ...word, text: word.text.normalize('NFD').replace(/\p{M}/gu, '') }));
}

/** The second surname is what people leave out. */
function shortened(words) {
  return words.length < 3 ? undefined : words.slice(0, -1);
}

function withoutMiddle(words, chance) {
  if (words.length < 3) return undefined;
  const lost = 1 + chance.below(words.length - 2);
  return words.filter((_, place) => place !== lost);
}

function inCapitals(words, chance) {
  const plain = chance.holds(0.5) ? unaccented(words.filter(isLatin)) : words.filter(isLatin);
  return plain.length < words.length ? undefined : plain.map((word) => ({ ...word, text: word.text.toUpperCase() }));
}

function isLatin({ text }) {
  return /^[\p{Script=Latin}\P{L}]*$/u.test(text);
}

/** One letter left out, doubled, exchanged for a neighbour in the word, or replaced. */
function mistyped(words, chance) {
  const long = words.filter(({ text, whole }) => whole !== false && [...text].length >= 4);
  if (long.length === 0) return undefined;
  const wrong = chance.pick(long);
  const letters = [...wrong.text];
  const at = 1 + chance.below(letters.length - 2);
  const slip = chance.below(4);
  if (slip === 0) letters.splice(at, 1);
  else if (slip === 1) letters.splice(at, 0, letters[at]);
  else if (slip === 2) [letters[at], letters[at + 1]] = [letters[at + 1], letters[at]];
  else letters[at] = isLatin(wrong) ? chance.pick([...'abcdefghijklmnopqrstuvwxyz']) : chance.pick(letters);
  return words.map((word) => (word === wrong ? { ...word, text: letters.join('') } : word));
}
