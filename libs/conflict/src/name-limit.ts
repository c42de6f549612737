import { type NameEncoding } from '@app/device-gateway';
import { normalised } from './user-version.js';

/** How much of a name a device can store. */
export interface NameLimit {
  /** Null: it is not known that it cuts names. */
  readonly bytes: number | null;
  readonly encoding: NameEncoding;
}

/** Usable bytes of a name by the width of a ZK record (zk-user-record). */
const ZK_NAME_BYTES: Readonly<Record<number, number>> = { 72: 23, 28: 8 };
const USUAL_WIDTH_BYTES = 72;

/** What a device can store of a name; the width of its records is known from a read. */
export function nameLimitOf(
  device: { readonly driver: string; readonly encoding: NameEncoding },
  recordWidthBytes: number = USUAL_WIDTH_BYTES,
): NameLimit {
  const bytes = device.driver === 'aiface' ? null : (ZK_NAME_BYTES[recordWidthBytes] ?? null);
  return { bytes, encoding: device.encoding };
}

/** What the device of a conflict could store of a name when it was last read. */
export function nameLimitOfConflict(
  { nameLimitBytes }: { readonly nameLimitBytes: number | null },
  { encoding }: { readonly encoding: NameEncoding },
): NameLimit {
  return { bytes: nameLimitBytes, encoding };
}

/**
 * Whether the name on a device is that of the database: equal after normalisation, or the beginning of it with no room
 * for the next character. A character that the device cut in its middle has been dropped by whoever decoded the name.
 */
export function isSameName(onDevice: string | null, inDatabase: string | null, limit: NameLimit): boolean {
  const short = normalised('name', onDevice);
  const long = normalised('name', inDatabase);
  if (short === long) return true;
  if (short === null || long === null || limit.bytes === null || !long.startsWith(short)) return false;
  return sizeBytes(short + nextCharacter(long.slice(short.length)), limit.encoding) > limit.bytes;
}

/** The bytes of a text in the device's encoding. */
export function sizeBytes(text: string, encoding: NameEncoding): number {
  switch (encoding) {
    case 'auto': // written as UTF-8
    case 'utf-8':
      return Buffer.byteLength(text);
    case 'gbk':
      return [...text].reduce((sum, character) => sum + (character < '\u{80}' ? 1 : 2), 0);
    case 'latin1':
    case 'windows-1256':
      return [...text].length;
  }
}

const CHARACTERS = new Intl.Segmenter('und', { granularity: 'grapheme' });

/** The first character as people see it; a blank before it would have been trimmed, and comes with it. */
function nextCharacter(rest: string): string {
  const blank = rest.startsWith(' ') ? ' ' : '';
  const [first] = CHARACTERS.segment(rest.slice(blank.length));
  return blank + (first?.segment ?? '');
}
