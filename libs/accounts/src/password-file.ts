import { open } from 'node:fs/promises';
import { PasswordFileError } from './accounts.errors.js';

const READABLE_BY_ALL = 0o004;

/**
 * The first line of a file: a password that neither the environment nor the list of processes shows.
 * @throws {PasswordFileError} it cannot be read, everybody can read it, or its first line is empty
 */
export async function readPasswordFile(file: string): Promise<string> {
  const { text, mode } = await readStart(file);
  if (process.platform !== 'win32' && (mode & READABLE_BY_ALL) !== 0)
    throw new PasswordFileError(`Everybody on this machine can read ${file}; take that away with: chmod 600 ${file}`);
  const [line] = text.split(/\r?\n/);
  if (line === '') throw new PasswordFileError(`The first line of ${file} is empty, and should be the password`);
  return line;
}

/** Mode and text of the same open file, whatever happens to its name meanwhile. */
async function readStart(file: string): Promise<{ readonly text: string; readonly mode: number }> {
  try {
    await using handle = await open(file, 'r');
    const { mode } = await handle.stat();
    return { text: await handle.readFile('utf8'), mode };
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new PasswordFileError(`${file} cannot be read (${code ?? 'unknown reason'}); a password was expected there`, {
      cause,
    });
  }
}
