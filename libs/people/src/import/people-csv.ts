import { pipeline } from 'node:stream/promises';
import { type PersonType } from '@app/kernel';
import { CsvError, parse } from 'csv-parse';
import { columnsOf, readHead } from './csv-head.js';
import { PeopleFileError } from './people-import.errors.js';
import { type PersonCells, type PersonColumn, type PersonRow, readPersonRow, unreadableRow } from './person-row.js';

/** No row of people is nearly as long; a longer one is a quotation mark that nobody closed. */
const LONGEST_ROW_BYTES = 64 * 1024;

interface CsvRecord {
  readonly record: readonly Buffer[];
  readonly info: { readonly lines: number };
}

/**
 * Reads a CSV file of people row by row, in small memory. Blank rows are passed over.
 * @throws {PeopleFileError} the file as a whole cannot be believed; also after rows that could be read
 */
export async function* readPeopleCsv(
  source: AsyncIterable<Buffer>,
  options: { readonly defaultType?: PersonType } = {},
): AsyncGenerator<PersonRow> {
  const chunks = source[Symbol.asyncIterator]();
  const head = await readHead(chunks).catch(async (error: unknown) => {
    await chunks.return?.();
    throw error;
  });
  const parser = parse({
    delimiter: head.separator,
    encoding: null, // cells as bytes: they are decoded here, so that a bad one is known by its row
    info: true,
    relax_column_count: true,
    skip_empty_lines: true,
    record_delimiter: ['\r\n', '\n', '\r'],
    max_record_size: LONGEST_ROW_BYTES,
  });
  // What goes wrong with the source comes out of the parser below.
  pipeline(remaining(head.bytes, chunks), parser).catch(() => undefined);
  const lines = new LineCount();
  let columns: readonly PersonColumn[] | undefined;
  try {
    for await (const { record, info } of parser as AsyncIterable<CsvRecord>) {
      const line = lines.of(record, info.lines);
      const cells = record.map((cell) => decode(cell, line));
      if (!columns) columns = columnsOf(cells, options.defaultType !== undefined);
      else if (cells.some((cell) => cell.trim() !== '')) yield rowOf(line, columns, cells, options.defaultType);
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new PeopleFileError('people/file-damaged', damageOf(error), { cause: error });
  }
}

function rowOf(
  line: number,
  columns: readonly PersonColumn[],
  cells: readonly string[],
  defaultType: PersonType | undefined,
): PersonRow {
  if (cells.length !== columns.length) {
    const message = `the row has ${cells.length} cells and the header row ${columns.length}: a separator too many or too few`;
    return unreadableRow(line, { code: 'cell-count', message });
  }
  const named: PersonCells = Object.fromEntries(columns.map((column, i) => [column, cells[i]]));
  return readPersonRow(line, named, defaultType);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(cell: Buffer, line: number): string {
  try {
    return utf8.decode(cell);
  } catch (cause) {
    const message = `Line ${line} holds bytes that are not UTF-8: nothing was changed; save the file as “CSV UTF-8”`;
    throw new PeopleFileError('people/bad-encoding', message, { cause, details: { line } });
  }
}

function damageOf({ code, message, lines }: CsvError & { lines?: number }): string {
  const where = lines === undefined ? 'A row' : `The row that ends in line ${lines}`;
  if (code === 'CSV_QUOTE_NOT_CLOSED')
    return 'A quotation mark is opened and never closed: the file was cut, or lacks one';
  if (code === 'CSV_MAX_RECORD_SIZE')
    return `${where} is longer than ${LONGEST_ROW_BYTES} bytes: look for a quotation mark that is never closed`;
  if (code === 'INVALID_OPENING_QUOTE' || code === 'CSV_INVALID_CLOSING_QUOTE')
    return `${where} has a quotation mark in the middle of a cell; write it twice, and the cell in quotation marks`;
  return `${where} is no CSV: ${message}`;
}

async function* remaining(first: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield first;
  try {
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
  } finally {
    await chunks.return?.();
  }
}

/** The line in which each row begins. The parser counts the lines that have ended, and `\r\n` in quotes twice. */
class LineCount {
  private surplus = 0;

  of(record: readonly Buffer[], ended: number): number {
    const breaks = record.flatMap((cell) => cell.toString('latin1').match(/\r\n|\r|\n/g) ?? []);
    this.surplus += breaks.filter((each) => each.length === 2).length;
    return ended - this.surplus - breaks.length;
  }
}
