import { type ParseError, parse as parseTolerantly } from 'jsonc-parser';
import { AifaceFormatError } from './errors.js';

/** The fields of a message, by key. */
export type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads one message. Terminals are known to pad keys with blanks and to put a comma before a closing bracket; anything
 * else that is no JSON is refused.
 * @throws {AifaceFormatError} `not-json`, `not-an-object`
 */
export function parseFields(text: string): Fields {
  const value = parseJson(text);
  if (!isFields(value)) throw new AifaceFormatError('not-an-object', 'A message is one JSON object, and this is not');
  return value;
}

/** Whether a value is an object with fields: neither null nor an array. */
export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a key, which a terminal may have padded with blanks; undefined: it is not there. */
export function field(fields: Fields, key: string): unknown {
  if (Object.hasOwn(fields, key)) return fields[key];
  const padded = Object.keys(fields).find((candidate) => candidate.trim() === key);
  return padded === undefined ? undefined : fields[padded];
}

/** A text; numbers count as their digits. Undefined: neither. */
export function textField(fields: Fields, key: string): string | undefined {
  const value = field(fields, key);
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined;
}

/** A whole number that JSON can hold exactly; digits in a text count as one. Undefined: anything else. */
export function integerField(fields: Fields, key: string): number | undefined {
  const value = field(fields, key);
  const number = typeof value === 'string' && /^\s*-?\d{1,16}\s*$/.test(value) ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}

/** True or false, also as 1 and 0 or as texts. Undefined: anything else. */
export function booleanField(fields: Fields, key: string): boolean | undefined {
  const value = field(fields, key);
  if (value === true || value === 1 || value === 'true' || value === '1') return true;
  return value === false || value === 0 || value === 'false' || value === '0' ? false : undefined;
}

/** The objects and plain values of a list; a single object counts as a list of one. Undefined: there is no list. */
export function listField(fields: Fields, key: string): readonly unknown[] | undefined {
  const value = field(fields, key);
  if (Array.isArray(value)) return value;
  return isFields(value) ? [value] : undefined;
}

/** The tolerant parser notes every error that it finds: in a long text of nothing but errors, for seconds. */
const LONGEST_ODD_TEXT = 256 * 1024;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    const errors: ParseError[] = [];
    const value: unknown = text.length <= LONGEST_ODD_TEXT ? tolerantly(text, errors) : undefined;
    if (errors.length === 0 && value !== undefined) return value;
    throw new AifaceFormatError('not-json', `A message of ${text.length} characters is not JSON`);
  }
}

/** The tolerant parser calls itself for every bracket: a message of nothing but brackets must not end the process. */
function tolerantly(text: string, errors: ParseError[]): unknown {
  try {
    return parseTolerantly(text, errors, { allowTrailingComma: true, disallowComments: true });
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new AifaceFormatError('not-json', `A message of ${text.length} characters is nested too deeply`);
  }
}
