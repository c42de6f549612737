import { CommanderError } from 'commander';
import { ExitCode } from './exit-code.js';
import { buildProgram } from './program.js';

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // Commander has printed its own sentence already; help and version are no errors.
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
  if (!(error instanceof CommanderError)) throw error;
}
