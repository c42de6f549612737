/** Devanagari to Malayalam: nine blocks of 128 in which the same letter stands at the same place. */
const FIRST_BLOCK = 0x0900;
const LAST_BLOCK = 0x0d7f;
const BLOCK = 0x80;
const BENGALI = 0x0980;

const VIRAMA = 0x4d;
const NUKTA = 0x3c;

const VOWELS: Readonly<Record<number, string>> = {
  0x05: 'a', 0x06: 'a', 0x07: 'i', 0x08: 'i', 0x09: 'u', 0x0a: 'u', 0x0b: 'ri', 0x0e: 'e', 0x0f: 'e', 0x10: 'ai',
  0x12: 'o', 0x13: 'o', 0x14: 'au',
}; // prettier-ignore
const VOWEL_SIGNS: Readonly<Record<number, string>> = {
  0x3e: 'a', 0x3f: 'i', 0x40: 'i', 0x41: 'u', 0x42: 'u', 0x43: 'ri', 0x46: 'e', 0x47: 'e', 0x48: 'ai',
  0x4a: 'o', 0x4b: 'o', 0x4c: 'au',
}; // prettier-ignore
const CONSONANTS: Readonly<Record<number, string>> = {
  0x15: 'k', 0x16: 'kh', 0x17: 'g', 0x18: 'gh', 0x19: 'n', 0x1a: 'ch', 0x1b: 'ch', 0x1c: 'j', 0x1d: 'jh', 0x1e: 'n',
  0x1f: 't', 0x20: 'th', 0x21: 'd', 0x22: 'dh', 0x23: 'n', 0x24: 't', 0x25: 'th', 0x26: 'd', 0x27: 'dh', 0x28: 'n',
  0x2a: 'p', 0x2b: 'ph', 0x2c: 'b', 0x2d: 'bh', 0x2e: 'm', 0x2f: 'y', 0x30: 'r', 0x31: 'r', 0x32: 'l', 0x33: 'l',
  0x34: 'l', 0x35: 'v', 0x36: 'sh', 0x37: 'sh', 0x38: 's', 0x39: 'h', 0x4e: 't',
}; // prettier-ignore
/** With a dot below, in Hindi and in Bengali. */
const DOTTED: Readonly<Record<string, string>> = { d: 'R', dh: 'R', j: 'z', ph: 'f', y: 'y', k: 'k', g: 'g', kh: 'kh' };
/** A nasal sound, and a breath. */
const SIGNS: Readonly<Record<number, string>> = { 0x01: 'n', 0x02: 'n', 0x03: '' };

export function isBrahmicScript(word: string): boolean {
  const code = word.charCodeAt(0);
  return code >= FIRST_BLOCK && code <= LAST_BLOCK;
}

/** Writes a word of an Indian script as it is usually written in Latin letters, without the unspoken last vowel. */
export function romanizeBrahmic(word: string): string {
  const codes = Array.from(word, (letter) => letter.charCodeAt(0));
  let written = '';
  for (let at = 0; at < codes.length; at += 1) {
    const place = codes[at] % BLOCK;
    let consonant = CONSONANTS[place];
    if (consonant === undefined || codes[at] < FIRST_BLOCK || codes[at] > LAST_BLOCK) {
      written += VOWELS[place] ?? VOWEL_SIGNS[place] ?? SIGNS[place] ?? '';
      continue;
    }
    if (codes[at + 1] % BLOCK === NUKTA) {
      consonant = DOTTED[consonant] ?? consonant;
      at += 1;
    } else if (place === 0x2f && codes[at] - place === BENGALI && codes[at - 1] % BLOCK !== VIRAMA) {
      consonant = 'j';
    }
    written += consonant;
    const next = codes[at + 1] === undefined ? undefined : codes[at + 1] % BLOCK;
    if (next === VIRAMA) at += 1;
    else if (next !== undefined && VOWEL_SIGNS[next] === undefined) written += 'a';
  }
  return written;
}
