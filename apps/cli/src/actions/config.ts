import { AppConfig, InvalidConfigError } from '@app/config';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

const SOURCES = { environment: 'environment', default: 'default', host: 'this host', unset: '' } as const;

export const showConfig = (options: { json?: boolean; changed?: boolean }): Promise<void> =>
  runCommand(options, async ({ json }) => {
    const settings = AppConfig.explainProcess().filter(({ source }) => !options.changed || source === 'environment');
    const problems = problemsOf();
    if (json) printJson({ settings, problems });
    else
      printData(
        table(
          ['variable', 'value', 'from', 'unit'],
          settings.map(({ variable, value, source, unit }) => [variable, value, SOURCES[source], unit ?? null]),
        ),
      );
    for (const problem of problems) tell(`holdfast: ${problem}`);
    return problems.length === 0 ? ExitCode.DONE : ExitCode.USAGE;
  });

/** Settings that a start would refuse. */
function problemsOf(): readonly string[] {
  try {
    AppConfig.fromProcess();
    return [];
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
}
