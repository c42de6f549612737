import { open } from 'node:fs/promises';
import { basename } from 'node:path';

/** Of each log, so much of its end. */
const MOST_BYTES = 1024 ** 2;

/** The end of a log, or why it cannot be read. */
export interface LogTail {
  readonly file: string;
  readonly error?: string;
  readonly lines: readonly string[];
}

/** The ends of these files, in whole lines. */
export async function readLogs(files: readonly string[]): Promise<LogTail[]> {
  return Promise.all(files.map(readTail));
}

async function readTail(file: string): Promise<LogTail> {
  try {
    await using handle = await open(file, 'r');
    const { size } = await handle.stat();
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const { bytesRead } = await handle.read(bytes, 0, bytes.length, from);
    const lines = bytes.subarray(0, bytesRead).toString('utf8').split('\n');
    if (from > 0) lines.shift(); // the first one is cut
    return { file: basename(file), lines: lines.filter((line) => line !== '') };
  } catch (error) {
    return { file: basename(file), error: (error as NodeJS.ErrnoException).code ?? String(error), lines: [] };
  }
}
