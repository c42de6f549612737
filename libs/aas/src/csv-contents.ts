import { canonicalDeviceUserId, parseWallTime } from '@app/kernel';
import { parse } from 'csv-parse/sync';
import { type AasContents, type AasEmployee, type AasPunch } from './aas-contents.js';
import { AasFileError } from './aas.errors.js';

const FIXED = ['Department', 'Name', 'Staff Code', 'Date', 'Week'];
const DAY = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/;

/**
 * Reads AAS's CSV export: one row per person and day, up to so many times as it has columns. The form announces no
 * number of rows, so that a file cut exactly behind a row cannot be told from a shorter one; any other cut can.
 * @throws {AasFileError} the file is cut, damaged, or no AAS export
 */
export function openCsv(bytes: Buffer): AasContents {
  const text = decode(bytes);
  refuseOther(text);
  const rows = recordsOf(text);
  const [head, ...days] = rows;
  const times = head?.slice(FIXED.length) ?? [];
  if (times.length === 0) throw notAas();
  if (!/\r?\n$/.test(text)) {
    throw new AasFileError('aas/damaged', 'The export ends in the middle of a row: it was cut; export it again');
  }
  const punches = days.map((row, i) => punchesOfRow(row, i + 2));
  const full = days.filter((row) => row.slice(FIXED.length).every((time) => time !== '')).length;
  const warnings = ['the export tells staff codes: whoever has another number on the terminal is not recognised'];
  if (full > 0)
    warnings.push(
      `${full} of the rows fill all ${times.length} times: later punches of those days are not in the export`,
    );
  return {
    employees: employeesOf(days),
    tables: { [`CSV rows`]: days.length },
    warnings,
    punches: () => punches.flat(),
  };
}

/** Whatever else the file is, its rows need not be looked at. */
function refuseOther(text: string): void {
  const [first] = text.split(/\r?\n/, 1);
  const columns = first.split(',').map((name) => name.replace(/^"|"$/g, ''));
  if (FIXED.some((name, i) => columns[i] !== name)) throw notAas();
}

function notAas(): AasFileError {
  return new AasFileError('aas/not-aas', `An AAS export begins with the columns ${FIXED.join(', ')}, Time1, …`);
}

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes); // takes a byte order mark away
  } catch (error) {
    throw new AasFileError('aas/bad-encoding', 'The export is not in UTF-8; export it again as such', { cause: error });
  }
}

function recordsOf(text: string): string[][] {
  try {
    return parse(text, { relax_column_count: false });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AasFileError('aas/damaged', `The export is damaged or cut: ${reason}; export it again`, { cause: error });
  }
}

function employeesOf(days: readonly string[][]): AasEmployee[] {
  const byCode = new Map<string, AasEmployee>();
  for (const [, name, code] of days) {
    const employee = { employeeId: code, deviceUserId: canonicalDeviceUserId(code), name: name.trim() || null };
    byCode.set(code, { ...employee, endDate: null });
  }
  return [...byCode.values()];
}

function punchesOfRow(row: readonly string[], line: number): AasPunch[] {
  const [, , code, date] = row;
  const [, month, day, year] = DAY.exec(date) ?? [];
  if (year === undefined || code.trim() === '') throw oddRow(line, `"${date}" of "${code}" is no day of anybody`);
  return row
    .slice(FIXED.length)
    .filter((time) => time !== '')
    .map((time) => {
      const wallTime = parseWallTime(
        `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')} ${time.padStart(5, '0')}:00`,
      );
      if (!wallTime) throw oddRow(line, `"${time}" is no time`);
      const deviceUserId = canonicalDeviceUserId(code);
      return { clockId: null, deviceUserId, wallTime, preciseTo: 'minute', state: null, enteredByHand: false };
    });
}

function oddRow(line: number, why: string): AasFileError {
  return new AasFileError('aas/damaged', `Line ${line} of the export cannot be understood: ${why}`);
}
