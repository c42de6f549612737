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
