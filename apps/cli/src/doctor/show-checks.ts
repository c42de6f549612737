import { printable, printData } from '../output.js';
import { type Check } from './check.js';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ', skipped: '-      ' } as const;
const INDENT = ' '.repeat(31);

/** Shows checks as they come, unless a program is to get them all at once; gives them. */
export async function showChecks(checks: AsyncIterable<Check>, json: boolean): Promise<Check[]> {
  const seen: Check[] = [];
  for await (const check of checks) {
    seen.push(check);
    if (!json) printData(textOf(check));
  }
  return seen;
}

/** As the stages of a probe: what it is, what was found, and below it what to do. */
function textOf({ name, verdict, found, remedy }: Check): string {
  const line = `${MARKS[verdict]}  ${name.padEnd(20)}  ${printable(found)}`;
  return remedy ? `${line}\n${INDENT}next step: ${printable(remedy)}` : line;
}
