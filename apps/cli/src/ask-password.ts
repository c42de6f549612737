import { readPasswordFile } from '@app/accounts';
import { AbortedError, AppError } from '@app/kernel';
import { tell } from './output.js';

const ENTER = new Set(['\r', '\n', '\u0004']);
const BACKSPACE = new Set(['\u007f', '\b']);
const INTERRUPT = '\u0003';

/** A password was wanted and none can be had. */
export class NoPasswordError extends AppError {
  readonly code = 'cli/no-password';
  readonly kind = 'invalid';
}

/**
 * The password for an account: the first line of a file, or typed twice without being shown. Never an argument, which
 * the list of processes and the history of the shell would show.
 * @throws {NoPasswordError} there is no file and no terminal, or the two are not equal
 * @throws {PasswordFileError} the file is no good
 * @throws {AbortedError} Ctrl-C
 */
export async function askPassword(file: string | undefined): Promise<string> {
  if (file !== undefined) return readPasswordFile(file);
  if (!process.stdin.isTTY)
    throw new NoPasswordError('A password is typed at a terminal, and this is none; give --password-file <file>');
  const typing = new HiddenTyping();
  try {
    const first = await typing.line('Password: ');
    if ((await typing.line('The same again: ')) === first) return first;
    throw new NoPasswordError('The two passwords are not the same; nothing was changed');
  } finally {
    typing.end();
  }
}

/** Reads lines from the terminal without echo. */
class HiddenTyping {
  private readonly characters = charactersOf(process.stdin.setRawMode(true).setEncoding('utf8'));

  async line(prompt: string): Promise<string> {
    process.stderr.write(prompt);
    let line: string[] = [];
    try {
      for (;;) {
        const { value: character } = await this.characters.next();
        if (character === undefined || ENTER.has(character)) return line.join('');
        if (character === INTERRUPT) throw new AbortedError(new Error('interrupted'));
        if (BACKSPACE.has(character)) line = line.slice(0, -1);
        else line.push(character);
      }
    } finally {
      tell('');
    }
  }

  /** Must be called at the end, also after an error: it gives the terminal back. */
  end(): void {
    process.stdin.setRawMode(false).destroy();
  }
}

/** What is pasted comes in one piece, and may be more than a line. */
async function* charactersOf(input: AsyncIterable<unknown>): AsyncGenerator<string, undefined> {
  for await (const text of input) yield* String(text);
  return undefined;
}
