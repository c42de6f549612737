#!/usr/bin/env node
import { CommanderError } from 'commander';
import { ExitCode } from './exit-code.js';
import { buildProgram } from './program.js';
import { endQuietlyWithReader } from './quiet-pipe.js';

endQuietlyWithReader(process.stdout);
endQuietlyWithReader(process.stderr);
try {
  await buildProgram().parseAsync(process.argv);
} catch (error) {
  // Commander has printed its own sentence already; help and version are no errors.
  process.exitCode = error instanceof CommanderError && error.exitCode === 0 ? ExitCode.DONE : ExitCode.USAGE;
  if (!(error instanceof CommanderError)) throw error;
}
