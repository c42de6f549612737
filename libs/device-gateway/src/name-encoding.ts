import { type NameEncoding } from './device-target.js';

const LATIN1 = 'latin1';

/**
 * Makes the decoder of a terminal's names. No field of the protocol tells the encoding, so it is a setting; bytes that
 * do not fit it become U+FFFD, and the raw bytes are kept beside the name.
 */
export function nameDecoder(encoding: NameEncoding): (bytes: Buffer) => string {
  if (encoding === 'latin1') return (bytes) => bytes.toString(LATIN1);
  if (encoding === 'auto' || encoding === 'utf-8') return utf8Decoder(encoding === 'auto');
  const decoder = new TextDecoder(encoding);
  return (bytes) => decoder.decode(bytes);
}

/**
 * UTF-8; a character that the field cut off at its end is dropped, as the terminal did with its other half. When the
 * encoding is a guess, a lone odd byte behind plain ASCII is rather a Latin-1 letter.
 */
function utf8Decoder(orLatin1: boolean): (bytes: Buffer) => string {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return (bytes) => {
    const whole = withoutCutTail(bytes);
    const guessed = orLatin1 && whole.length < bytes.length && whole.every((byte) => byte < 0x80);
    const text = (guessed ? bytes : whole).toString('utf8');
    if (!text.includes('\u{fffd}')) return text;
    try {
      return strict.decode(guessed ? bytes : whole); // the name really holds that character
    } catch {
      return orLatin1 ? bytes.toString(LATIN1) : text;
    }
  };
}

/** Characters of a name that a terminal's encoding does not have. */
export interface LackingCharacters {
  readonly lacking: readonly string[];
}

/**
 * Makes the encoder of a terminal's names: what nameDecoder of the same encoding reads again as the same text. `auto` writes
 * UTF-8. Characters are never replaced by others.
 */
export function nameEncoder(encoding: NameEncoding): (text: string) => Buffer | LackingCharacters {
  const decode = nameDecoder(encoding);
  const bytesOf = characterEncoder(encoding);
  return (text) => {
    const characters = [...text];
    const lacking = characters.filter((character) => bytesOf(character) === undefined);
    if (lacking.length > 0) return { lacking: [...new Set(lacking)] };
    const bytes = Buffer.concat(characters.map((character) => bytesOf(character)!));
    // Bytes that would be read as another text are not that name, however they came about.
    return decode(bytes) === text ? bytes : { lacking: [text] };
  };
}

function characterEncoder(encoding: NameEncoding): (character: string) => Buffer | undefined {
  if (encoding === 'utf-8' || encoding === 'auto') {
    return (character) => (character.isWellFormed() ? Buffer.from(character, 'utf8') : undefined);
  }
  if (encoding === 'latin1') {
    return (character) => (character.charCodeAt(0) <= 0xff ? Buffer.from(character, LATIN1) : undefined);
  }
  const table = reverseTable(encoding);
  return (character) => table.get(character);
}

const REVERSE_TABLES = new Map<string, ReadonlyMap<string, Buffer>>();

/** Every character of a code page with its bytes, by asking the platform's decoder for each; made once, in some 20 ms. */
function reverseTable(encoding: 'gbk' | 'windows-1256'): ReadonlyMap<string, Buffer> {
  const known = REVERSE_TABLES.get(encoding);
  if (known) return known;
  const decoder = new TextDecoder(encoding, { fatal: true });
  const table = new Map<string, Buffer>();
  const learn = (...bytes: number[]): void => {
    const sequence = Buffer.from(bytes);
    try {
      const character = decoder.decode(sequence);
      if ([...character].length === 1 && !table.has(character)) table.set(character, sequence);
    } catch {
      // No character has these bytes.
    }
  };
  for (let byte = 0; byte <= 0xff; byte += 1) learn(byte);
  for (let lead = 0x81; encoding === 'gbk' && lead <= 0xfe; lead += 1) {
    for (let trail = 0x40; trail <= 0xfe; trail += 1) learn(lead, trail);
  }
  REVERSE_TABLES.set(encoding, table);
  return table;
}

/** Cuts off a last character whose lead byte promises more bytes than follow. */
function withoutCutTail(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0xc0) === 0x80) continue; // a continuation: its lead byte stands before it
    const promised = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return promised > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
