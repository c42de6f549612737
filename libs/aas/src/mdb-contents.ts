import { canonicalDeviceUserId, parseWallTime, type WallTime, wallTimeFromDate } from '@app/kernel';
import MDBReader, { type Value } from 'mdb-reader';
import { type AasContents, type AasEmployee, type AasPunch } from './aas-contents.js';
import { AasFileError } from './aas.errors.js';

type Row = Readonly<Record<string, Value>>;

const PAGE_BYTES = 4_096;
/** Rows per decoding step: more would cost memory, fewer time. */
const CHUNK_ROWS = 5_000;
const EMPLOYEES = 'Employee';
/** One row per punch, with seconds. */
const PUNCH_TABLES = ['TimeRecords', 'tmpTRecords'];
/** One row per person and day, minutes in a text; older copies of each other. */
const DAY_TABLES = ['TimeRecords1', 'TimeRecords2'];

/**
 * Opens an AAS 6.0 database (Access, Jet 4) and reads every table once, all columns, before any of it may be used. The
 * format has no checksums: what shows damage is a size that is no whole number of pages, a page that is missing, and a
 * table that decodes to other than the number of rows it announces.
 * @throws {AasFileError} the file is damaged, protected, or no AAS file
 */
export function openMdb(bytes: Buffer, password: string | undefined): AasContents {
  if (bytes.length === 0 || bytes.length % PAGE_BYTES !== 0) {
    throw new AasFileError(
      'aas/damaged',
      `The file has ${bytes.length} bytes, which is no whole number of ${PAGE_BYTES}-byte pages: it was cut, or is still ` +
        'being written; use a backup copy, or try again when AAS is closed',
      { details: { sizeBytes: bytes.length } },
    );
  }
  const reader = legible('the file', () => new MDBReader(bytes, { password }));
  requirePassword(reader, password);
  const names = legible('the list of tables', () => reader.getTableNames());
  if (!names.includes(EMPLOYEES) || !PUNCH_TABLES.concat(DAY_TABLES).some((name) => names.includes(name))) {
    throw new AasFileError(
      'aas/not-aas',
      `This is an Access file, and none of AAS 6.0: it has the tables ${names.slice(0, 10).join(', ') || 'none at all'}`,
    );
  }
  const tables = Object.fromEntries(names.map((name) => [name, provenRowCount(reader, name)]));
  const perPunch = PUNCH_TABLES.filter((name) => (tables[name] ?? 0) > 0);
  const employees = [...rowsOf(reader, EMPLOYEES)].map(employeeOf);
  const dayTables = DAY_TABLES.filter((name) => (tables[name] ?? 0) > 0);
  return {
    employees,
    tables,
    warnings:
      perPunch.length === 0 && dayTables.length > 0 ? ['only day tables hold punches: minutes, no seconds'] : [],
    punches: () =>
      perPunch.length > 0 ? unionOf(reader, perPunch, punchOf) : unionOf(reader, dayTables, punchesOfDay),
  };
}

/** A `.mdb` opens without its password; that we can does not mean that we may. */
function requirePassword(reader: MDBReader, password: string | undefined): void {
  const own = legible('the header', () => reader.getPassword());
  if (own === null || own === '' || own === password) return;
  throw new AasFileError(
    'aas/password-protected',
    'The file is protected by a database password' +
      (password === undefined
        ? '; give it (AAS_PASSWORD), or remove it in AAS'
        : ', and the one that was given is another'),
  );
}

function provenRowCount(reader: MDBReader, name: string): number {
  const announced = legible(`table ${name}`, () => reader.getTable(name).rowCount);
  let decoded = 0;
  for (const _row of rowsOf(reader, name)) decoded += 1;
  if (decoded === announced) return decoded;
  throw new AasFileError(
    'aas/damaged',
    `Table ${name} announces ${announced} rows and ${decoded} can be read; the file is damaged: use a backup copy, and ` +
      'repair the database in AAS',
    { details: { table: name, announced, decoded } },
  );
}

function* rowsOf(reader: MDBReader, name: string): Generator<Row> {
  const table = legible(`table ${name}`, () => reader.getTable(name));
  for (let rowOffset = 0; rowOffset < table.rowCount; rowOffset += CHUNK_ROWS) {
    const rows = legible(`table ${name}`, () => table.getData<Row>({ rowOffset, rowLimit: CHUNK_ROWS }));
    if (rows.length === 0) return;
    yield* rows;
  }
}

/** The tables repeat each other: of equal punches, as many are given as the table that has most of them. */
function* unionOf(
  reader: MDBReader,
  names: readonly string[],
  punchesIn: (row: Row) => AasPunch[],
): Generator<AasPunch> {
  const [first, ...others] = names;
  const given = new Map<string, number>();
  const keyOf = (punch: AasPunch): string => `${punch.clockId} ${punch.deviceUserId} ${JSON.stringify(punch.wallTime)}`;
  for (const row of first === undefined ? [] : rowsOf(reader, first)) {
    for (const punch of punchesIn(row)) {
      if (others.length > 0) given.set(keyOf(punch), (given.get(keyOf(punch)) ?? 0) + 1);
      yield punch;
    }
  }
  for (const name of others) {
    const seen = new Map<string, number>();
    for (const row of rowsOf(reader, name)) {
      for (const punch of punchesIn(row)) {
        const key = keyOf(punch);
        const nth = (seen.get(key) ?? 0) + 1;
        seen.set(key, nth);
        if (nth > (given.get(key) ?? 0)) yield punch;
      }
    }
    for (const [key, count] of seen) given.set(key, Math.max(count, given.get(key) ?? 0));
  }
}

function employeeOf(row: Row): AasEmployee {
  const employeeId = textOf(row.emp_id) ?? '';
  const end = row.end_date instanceof Date ? row.end_date.toISOString().slice(0, 10) : null;
  return { employeeId, deviceUserId: terminalNumberOf(row), name: textOf(row.emp_name)?.trim() ?? null, endDate: end };
}

/** TimeRecords has the instant in `sign_time`; tmpTRecords has the day in KqDate and the time on 1899-12-30 in KqTime. */
function punchOf(row: Row): AasPunch[] {
  const day = row.KqDate ?? row.sign_date;
  const time = row.KqTime ?? row.sign_time;
  if (!(time instanceof Date)) throw odd(row, 'it has no time');
  const wallTime = { ...wallTimeFromDate(time), ...(row.KqDate === undefined ? {} : dayOf(day, row)) };
  return [{ ...commonOf(row), wallTime, preciseTo: 'second', state: stateOf(row) }];
}

/** All times of a day stand in one text, with a blank behind each. */
function punchesOfDay(row: Row): AasPunch[] {
  const day = dayOf(row.sign_date, row);
  const times = (textOf(row.sign_timestring) ?? '').split(' ').filter((time) => time !== '');
  return times.map((time) => {
    const wallTime = parseWallTime(`2000-01-01 ${time.padStart(5, '0')}:00`);
    if (!wallTime) throw odd(row, `"${time}" is no time`);
    // Only the first of a day has a mark of its own, so that no direction is told.
    return { ...commonOf(row), wallTime: { ...wallTime, ...day }, preciseTo: 'minute', state: null };
  });
}

function commonOf(row: Row): Pick<AasPunch, 'clockId' | 'deviceUserId' | 'enteredByHand'> {
  const clockId = typeof row.clock_id === 'number' ? row.clock_id : null;
  return { clockId, deviceUserId: terminalNumberOf(row), enteredByHand: row.flag === 1 };
}

function stateOf(row: Row): number | null {
  return typeof row.mark === 'number' ? row.mark : null;
}

/** AAS enrols people at the terminal under their card number; without one, under the employee number. */
function terminalNumberOf(row: Row): string {
  const number = textOf(row.card_id)?.trim() || textOf(row.emp_id)?.trim();
  if (!number) throw odd(row, 'it has neither a card nor an employee number');
  return canonicalDeviceUserId(number);
}

/** A date column, or, in some versions, a text of month, day and year. */
function dayOf(value: Value | undefined, row: Row): Pick<WallTime, 'year' | 'month' | 'day'> {
  if (value instanceof Date) {
    const { year, month, day } = wallTimeFromDate(value);
    return { year, month, day };
  }
  const [, month, day, year] = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(textOf(value) ?? '') ?? [];
  if (year === undefined) throw odd(row, `"${String(value)}" is no day`);
  return { year: Number(year), month: Number(month), day: Number(day) };
}

function textOf(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function odd(row: Row, why: string): AasFileError {
  const who = textOf(row.emp_id) ?? '?';
  return new AasFileError('aas/damaged', `A row of employee ${who} cannot be understood: ${why}`);
}

/** The library's complaints have many texts; all of them mean that the file is not whole. */
function legible<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AasFileError(
      'aas/damaged',
      `${what[0].toUpperCase()}${what.slice(1)} cannot be read (${reason}); the file is damaged or cut: use a backup copy`,
      { cause: error },
    );
  }
}
