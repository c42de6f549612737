/** As much of a name as is looked at; no terminal and no office writes a longer one. */
const MAX_LENGTH = 200;
const MAX_WORDS = 12;

/** A ZK terminal keeps 24 bytes of a name, the last of which some firmware needs for the end mark. */
const FIELD_BYTES = 24;

/** What windows-1252 shows for the bytes 0x80 to 0x9f, in their order; a blank where it shows nothing. */
const WINDOWS_1252 = '€ ‚ƒ„…†‡ˆ‰Š‹Œ Ž  ‘’“”•–—˜™š›œ žŸ';

/** The words of a name, and whether its end may be missing. */
export interface LegibleText {
  readonly words: readonly string[];
  /** The last word may go on: the terminal's field was full, or ended within a character. */
  readonly cut: boolean;
  /** Another word had begun, of which nothing is legible. */
  readonly goesOn: boolean;
}

/** Takes a name apart. Any text will do: what is no letter separates or is dropped, what is too long is left off. */
export function legibleText(text: string): LegibleText {
  const bounded = text.slice(0, MAX_LENGTH);
  const broken = /\ufffd\s*$/u.test(bounded);
  const legible = bounded.replace(/\ufffd+\s*$/u, '');
  const repaired = decodedAnew(legible);
  const bytes = repaired === legible ? Buffer.byteLength(bounded) : bounded.length;
  const isFull = broken || bytes === FIELD_BYTES || bytes === FIELD_BYTES - 1 || text.length > MAX_LENGTH;
  const words = repaired
    .normalize('NFKC')
    .toLowerCase()
    .replace(/[\u064b-\u065f\u0670\u0640\u200b-\u200f\u2060'’‘ʼʿʾ`´"]/gu, '')
    .split(/[^\p{L}\p{M}\p{N}]+/u)
    .filter((word) => word !== '');
  const ended = /\s$/u.test(legible);
  return { words: words.slice(0, MAX_WORDS), cut: isFull && !ended, goesOn: isFull && ended };
}

/** Bytes of UTF-8 or of Arabic windows-1256 that were shown as Western letters, read as what they are. */
function decodedAnew(text: string): string {
  if (!isMisread(text)) return text;
  const bytes = Uint8Array.from(text, (character) => byteOf(character) ?? 0x3f);
  const utf8 = new TextDecoder('utf-8').decode(bytes).replace(/\ufffd+$/u, '');
  if (!utf8.includes('\ufffd')) return utf8;
  const letters = text.match(/\p{L}/gu) ?? [];
  const accented = letters.filter((letter) => letter >= '\u00c0');
  if (letters.length < 3 || accented.length < letters.length * 0.8) return text;
  return new TextDecoder('windows-1256').decode(bytes);
}

/** Whether every character is one of a Western single-byte encoding, and some are none of ASCII. */
function isMisread(text: string): boolean {
  let beyondAscii = 0;
  for (const character of text) {
    if (byteOf(character) === undefined && character !== '\ufffd') return false;
    if (character > '\u007f' && character !== '\ufffd') beyondAscii += 1;
  }
  return beyondAscii >= 2;
}

function byteOf(character: string): number | undefined {
  const code = character.charCodeAt(0);
  if (code < 0x100) return code;
  const place = WINDOWS_1252.indexOf(character);
  return place < 0 ? undefined : 0x80 + place;
}
