import { AppError } from '@app/kernel';
import Table from 'cli-table3';

/** Data goes to standard output, and nothing else does. */
export function printData(text: string): void {
  process.stdout.write(harmless(text.endsWith('\n') ? text : `${text}\n`));
}

/** One JSON document, for programs. */
export function printJson(document: unknown): void {
  printData(jsonOf(document, 2));
}

/** A list for programs: one document, in which it stands under `name`; or, as `lines`, one document for each item. */
export function printItems(lines: boolean, name: string, items: readonly unknown[], besides: object = {}): void {
  if (!lines) printJson({ [name]: items, ...besides });
  else for (const item of items) printData(jsonOf(item));
}

/** Everything for people that is not the data: progress, hints, what went wrong. */
export function tell(text: string): void {
  process.stderr.write(harmless(`${text}\n`));
}

/** A table without colours and without lines between rows. What a device sent is shown without its control characters. */
export function table(head: readonly string[], rows: readonly (readonly (string | number | null)[])[]): string {
  const chars = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' };
  const view = new Table({ head: [...head], style: { head: [], border: [] }, chars });
  view.push(...rows.map((row) => row.map((cell) => (cell === null ? '' : printable(String(cell))))));
  return view.toString();
}

/** A text from a device must not move the cursor or clear the screen of who looks at it. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '\u{fffd}');
}

/** What JSON leaves as it is and a screen may still take for a command is written as an escape of JSON. */
function jsonOf(document: unknown, indent?: number): string {
  const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(document, undefined, indent).replace(/[\u007f-\u009f]/g, escaped);
}

/** Whatever is printed, and whoever it is from: no control character but the ends of lines and tabs. */
function harmless(text: string): string {
  return text.replace(/[^\P{Cc}\n\t]/gu, '\u{fffd}');
}

/** The document that stands in for the data when there is none. */
export function errorDocument(error: AppError): { error: { code: string; message: string; facts: unknown } } {
  return { error: { code: error.code, message: error.message, facts: error.details } };
}
