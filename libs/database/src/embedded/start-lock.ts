import { link, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedPostgresError } from './errors.js';
import { isRunning, processIdentity } from './process-identity.js';

const POLL_MS = 25;
const LONGEST_WAIT_MS = 60_000;

/**
 * Lets one process at a time start or stop the database of a home. The lock names its holder, so that one that died
 * does not block the next.
 */
export async function withStartLock<T>(home: string, work: () => Promise<T>): Promise<T> {
  const file = join(home, 'starting.lock');
  await acquire(file);
  try {
    return await work();
  } finally {
    await rm(file, { force: true });
  }
}

async function acquire(file: string): Promise<void> {
  const aside = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(aside, await processIdentity(process.pid));
  try {
    for (let waitedMs = 0; !(await tryLink(aside, file)); waitedMs += POLL_MS) {
      const holder = await readFile(file, 'utf8').catch(() => '');
      if (holder !== '' && !(await isRunning(holder))) await rm(file, { force: true });
      else if (waitedMs > LONGEST_WAIT_MS) {
        throw new EmbeddedPostgresError(
          'database/embedded-failed',
          `Process ${holder.split('-')[0]} has been starting the database for more than a minute; end it and try again`,
        );
      } else await delay(POLL_MS);
    }
  } finally {
    await rm(aside, { force: true });
  }
}

/** A hard link appears whole or not at all, and only once. */
async function tryLink(aside: string, file: string): Promise<boolean> {
  try {
    await link(aside, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
