import { examine } from '../doctor/examine.js';
import { showChecks } from '../doctor/show-checks.js';
import { ExitCode } from '../exit-code.js';
import { printJson } from '../output.js';
import { runCommand } from '../run-command.js';

/** Checks that stand for the database: without it nothing else could be looked at. */
const OF_THE_DATABASE: ReadonlySet<string> = new Set(['database server', 'schema']);

export const doctor = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, async ({ json }) => {
    const checks = await showChecks(examine(), json);
    if (json) printJson({ ok: checks.every(({ verdict }) => verdict !== 'failed'), checks });
    const failures = checks.filter(({ verdict }) => verdict === 'failed');
    if (failures.length === 0) return ExitCode.DONE;
    return failures.some(({ name }) => OF_THE_DATABASE.has(name)) ? ExitCode.DATABASE : ExitCode.FAILED;
  });
