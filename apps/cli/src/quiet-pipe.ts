import { ExitCode } from './exit-code.js';

/**
 * What a command does when its output cannot be written. Whoever reads it may have enough and go (`| head -1`): then nothing
 * more is shown, and the command goes on to its end, since it may be in the middle of a write to a terminal. Anything else
 * that goes wrong, such as a full disk, fails the command.
 */
export function endQuietlyWithReader(
  stream: NodeJS.WritableStream,
  onFailure: (error: NodeJS.ErrnoException) => void = failAtEnd,
): void {
  let failed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (failed || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') return;
    failed = true;
    onFailure(error);
  });
}

function failAtEnd(error: NodeJS.ErrnoException): void {
  process.stderr.write(`holdfast: the output could not be written (${error.code ?? error.message})\n`);
  process.once('exit', () => (process.exitCode = ExitCode.FAILED));
}
