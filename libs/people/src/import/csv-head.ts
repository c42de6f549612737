import { PeopleFileError } from './people-import.errors.js';
import { PERSON_COLUMNS, type PersonColumn } from './person-row.js';

const SEPARATORS = [',', ';', '\t'] as const;
export type Separator = (typeof SEPARATORS)[number];

const UTF8_MARK = Buffer.from([0xef, 0xbb, 0xbf]);
const UTF16_MARKS = [Buffer.from([0xff, 0xfe]), Buffer.from([0xfe, 0xff])];
/** A header row longer than this is none. */
const LONGEST_HEAD_BYTES = 16 * 1024;
const [QUOTE, LINE_FEED, CARRIAGE_RETURN] = [0x22, 0x0a, 0x0d];

/** How a file begins. */
export interface CsvHead {
  readonly separator: Separator;
  /** The bytes that were read to know it, header row included, without a byte order mark. */
  readonly bytes: Buffer;
}

/**
 * Reads from `chunks` until the header row has ended; the rest is left for the next reader.
 * @throws {PeopleFileError} there is no header row, or the file is in UTF-16
 */
export async function readHead(chunks: AsyncIterator<Buffer>): Promise<CsvHead> {
  let bytes: Buffer = Buffer.alloc(0);
  let end = -1;
  while (end < 0) {
    const next = await chunks.next();
    if (next.done) break;
    bytes = Buffer.concat([bytes, next.value]);
    end = endOfFirstRow(bytes);
    if ((end < 0 ? bytes.length : end) > LONGEST_HEAD_BYTES) {
      const message = `The first row is longer than ${LONGEST_HEAD_BYTES} bytes: this is no CSV file with a header row`;
      throw new PeopleFileError('people/bad-header', message);
    }
  }
  if (UTF16_MARKS.some((mark) => bytes.subarray(0, 2).equals(mark))) {
    throw new PeopleFileError('people/bad-encoding', 'The file is in UTF-16; save it as “CSV UTF-8”');
  }
  if (bytes.subarray(0, 3).equals(UTF8_MARK)) {
    bytes = bytes.subarray(3);
    end -= 3;
  }
  const row = bytes.subarray(0, end < 0 ? undefined : end).toString('latin1');
  if (row.trim() === '') {
    throw new PeopleFileError('people/file-empty', `The file does not begin with a header row; ${columnsNeeded()}`);
  }
  return { separator: separatorOf(row), bytes };
}

/**
 * Which column stands where, from the cells of the header row.
 * @throws {PeopleFileError} a column is unknown, missing or there twice
 */
export function columnsOf(cells: readonly string[], isTypeGiven: boolean): readonly PersonColumn[] {
  const columns = cells.map((cell) => cell.trim().toLowerCase());
  const unknown = columns.filter((column) => !(PERSON_COLUMNS as readonly string[]).includes(column));
  if (unknown.length > 0) {
    const named = unknown.map((column) => `"${column.replace(/\p{C}/gu, '\u{fffd}').slice(0, 100)}"`).join(', ');
    throw new PeopleFileError(
      'people/unknown-column',
      `The header row names ${named}, unknown here; ${columnsNeeded()}`,
    );
  }
  const twice = columns.find((column, i) => columns.indexOf(column) < i);
  if (twice !== undefined) {
    throw new PeopleFileError('people/bad-header', `The header row names the column ${twice} twice; leave one out`);
  }
  const needed: PersonColumn[] = ['external_reference', 'name', ...(isTypeGiven ? [] : ['person_type' as const])];
  const missing = needed.filter((column) => !columns.includes(column));
  if (missing.length > 0) {
    const remedy = missing.includes('person_type') ? '; or say default_type=staff or default_type=student' : '';
    const message = `The header row lacks ${missing.join(' and ')}${remedy}; ${columnsNeeded()}`;
    throw new PeopleFileError('people/missing-column', message);
  }
  return columns as PersonColumn[];
}

function columnsNeeded(): string {
  return `the columns are ${PERSON_COLUMNS.join(', ')}, in any order; the last two may be left out`;
}

/** Where the first line break outside of quotes is; -1: not yet. */
function endOfFirstRow(bytes: Buffer): number {
  let isQuoted = false;
  for (const [i, byte] of bytes.entries()) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && (byte === LINE_FEED || byte === CARRIAGE_RETURN)) return i;
  }
  return -1;
}

/** The one that stands in the row most often, outside of quotes. */
function separatorOf(row: string): Separator {
  const bare = row.replace(/"[^"]*"/g, '');
  const count = (separator: Separator): number => bare.split(separator).length;
  return SEPARATORS.reduce((best, each) => (count(each) > count(best) ? each : best));
}
