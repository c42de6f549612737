import { printable } from '../output.js';
import { type Check } from './check.js';

const MARKS = { ok: 'ok     ', warning: 'WARNING', failed: 'FAILED ', skipped: '-      ' } as const;
const INDENT = ' '.repeat(31);

/** As the stages of a probe: what it is, what was found, and below it what to do. */
export function checkText({ name, verdict, found, remedy }: Check): string {
  const line = `${MARKS[verdict]}  ${name.padEnd(20)}  ${printable(found)}`;
  return remedy ? `${line}\n${INDENT}next step: ${printable(remedy)}` : line;
}
