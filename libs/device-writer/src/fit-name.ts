import { type LackingCharacters } from '@app/device-gateway/sessions';
import { UnwritableValueError } from './device-writer.errors.js';

/** How names are held by a terminal. */
export interface NameField {
  /** As people know it: `gbk`. */
  readonly encoding: string;
  readonly encode: (text: string) => Buffer | LackingCharacters;
  /** Undefined: no bound is known. */
  readonly bytes?: number;
}

const SHOWN_CHARACTERS = 10;
/** C0, DEL and C1: no terminal has a key for them, and some firmware breaks on them. */
const CONTROL = /\p{Cc}/u;

/**
 * The bytes of a name for this field.
 * @throws {UnwritableValueError} it has control characters, or some that the encoding lacks; or it is too long, and is not to be
 *   shortened, or nothing is left of it
 */
export function fitName(name: string, field: NameField, options: { readonly shorten: boolean }): Buffer {
  if (CONTROL.test(name)) {
    throw new UnwritableValueError('The name has a control character, such as a line break or a tab; take it out');
  }
  const bytes = encodeWhole(name, field);
  if (field.bytes === undefined || bytes.length <= field.bytes) return bytes;
  const cut = options.shorten ? cutToFit(name, field, field.bytes) : undefined;
  if (cut) return cut;
  throw new UnwritableValueError(
    `The name has ${bytes.length} bytes in ${field.encoding}, and the terminal holds ${field.bytes}; shorten it, or have it ` +
      'cut by allowing a shortened name',
    { details: { bytes: bytes.length, bound: field.bytes, encoding: field.encoding } },
  );
}

function encodeWhole(name: string, { encode, encoding }: NameField): Buffer {
  const encoded = encode(name);
  if (Buffer.isBuffer(encoded)) return encoded;
  const { lacking } = encoded;
  const shown = lacking.slice(0, SHOWN_CHARACTERS).map((character) => `"${character}"`);
  const more = lacking.length > SHOWN_CHARACTERS ? ` and ${lacking.length - SHOWN_CHARACTERS} more` : '';
  throw new UnwritableValueError(
    `The terminal stores names in ${encoding}, which has no ${shown.join(', ')}${more}; write the name in other letters`,
    { details: { encoding, lacking: lacking.slice(0, SHOWN_CHARACTERS) } },
  );
}

/** Cut between characters as people see them, so that no letter loses its accent; undefined: not even the first one fits. */
function cutToFit(name: string, field: NameField, bound: number): Buffer | undefined {
  let cut = '';
  for (const { segment } of new Intl.Segmenter('und', { granularity: 'grapheme' }).segment(name)) {
    if (encodeWhole(cut + segment, field).length > bound) break;
    cut += segment;
  }
  const trimmed = cut.trimEnd();
  return trimmed === '' ? undefined : encodeWhole(trimmed, field);
}
