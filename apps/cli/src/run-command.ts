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
  /** Has `tellDone` say what was done and what was not, when Ctrl-C ends the command. */
  readonly whenInterrupted: (tellDone: () => string) => void;
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
  let tellDone: (() => string) | undefined;
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
  try {
    process.exitCode = await work({
      signal: stopping.signal,
      json,
      lines: options.jsonl === true,
      whenInterrupted: (told) => (tellDone = told),
    });
  } catch (caught) {
    const { aborted } = stopping.signal;
    const error = aborted ? interruption(caught, tellDone?.()) : caught;
    process.exitCode = aborted ? ExitCode.INTERRUPTED : exitCodeOf(error);
    if (!(error instanceof AppError)) throw error;
    // With --jsonl every line is an item, and an error is none.
    if (options.json) printJson(errorDocument(error));
    tell(`holdfast: ${error.message}`);
  } finally {
    process.removeListener('SIGINT', stop);
    process.removeListener('SIGTERM', stop);
  }
}

/** Ctrl-C ended a command before its work was done. */
class InterruptedError extends AppError {
  readonly code = 'work/aborted';
  readonly kind = 'unavailable';
}

/** What is told when Ctrl-C ended a command: what was done until then, and what else went wrong. */
function interruption(caught: unknown, done: string | undefined): AppError {
  const isStop = !(caught instanceof AppError) || caught instanceof AbortedError;
  if (!isStop && done === undefined) return caught;
  const what = isStop ? 'interrupted' : caught.message;
  return new InterruptedError(done === undefined ? what : `${what}; ${done}`, { cause: caught });
}
