import { createInterface } from 'node:readline/promises';
import { AppError } from '@app/kernel';

/** Somebody was to confirm something, and did not. */
export class NotConfirmedError extends AppError {
  readonly code = 'cli/not-confirmed';
  readonly kind = 'invalid';
}

/**
 * Lets a person type a text to say that it is meant. The question goes to standard error.
 * @throws {NotConfirmedError} something else was typed, or nobody can type here @throws {AbortError} `signal` fired
 */
export async function confirmByTyping(question: string, expected: string, signal: AbortSignal): Promise<void> {
  if (!process.stdin.isTTY)
    throw new NotConfirmedError('Nobody can confirm this here, since standard input is no screen; give --yes');
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await prompt.question(question, { signal });
    if (typed.trim() !== expected) throw new NotConfirmedError('Not confirmed; nothing was changed');
  } finally {
    prompt.close();
  }
}
