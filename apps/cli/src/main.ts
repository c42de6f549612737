#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ExitCode } from './exit-code.js';
import { buildProgram } from './program.js';

// Whoever reads our output may have had enough of it, as `head` has: nothing is wrong, and nothing more is to be said.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? ExitCode.DONE);
  throw error;
});

try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // Commander has printed its own sentence already; help and version are no errors.
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
  if (!(error instanceof CommanderError)) throw error;
}
