import { AbortedError, AppError } from '@app/kernel';
import { ExitCode, exitCodeOf } from './exit-code.js';
import { errorDocument, printJson, tell } from './output.js';

/** What every command is given besides its own arguments. */
export interface CommandRun {
  /** Aborts at Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** Whether the output is for a program. */
  readonly json: boolean;
  /** Whether a program wants a list item by item. */
  readonly lines: boolean;
}

/**
 * Runs a command to its exit code. A foreseen error becomes a sentence on standard error and, for programs, a
 * document on standard output; Ctrl-C lets the command end in order.
 */
export async function runCommand(
  options: { readonly json?: boolean; readonly jsonl?: boolean },
  work: (run: CommandRun) => Promise<ExitCode>,
): Promise<void> {
  const json = options.json === true || options.jsonl === true;
  const stopping = new AbortController();
  const stop = (): void => stopping.abort(new AbortedError(new Error('interrupted')));
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    process.exitCode = await work({ signal: stopping.signal, json, lines: options.jsonl === true });
  } catch (error) {
    process.exitCode = stopping.signal.aborted ? ExitCode.INTERRUPTED : exitCodeOf(error);
    if (!(error instanceof AppError)) {
      if (!stopping.signal.aborted) throw error;
      tell('holdfast: interrupted');
      return;
    }
    if (json) printJson(errorDocument(error));
    tell(`holdfast: ${error.message}`);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}
