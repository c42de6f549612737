import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, processIdentity } from './process-identity.js';

/**
 * Which processes use the database of a home: the last to leave stops it. Processes that died without a word are
 * not counted.
 */
export class DatabaseUsers {
  private readonly folder: string;

  constructor(home: string) {
    this.folder = join(home, 'users');
  }

  async add(): Promise<void> {
    await mkdir(this.folder, { recursive: true });
    await writeFile(join(this.folder, await processIdentity(process.pid)), '');
  }

  /** Takes this process off the list; tells whether another one is still on it. */
  async leave(): Promise<{ readonly othersRemain: boolean }> {
    await rm(join(this.folder, await processIdentity(process.pid)), { force: true });
    let othersRemain = false;
    for (const identity of await readdir(this.folder)) {
      if (await isRunning(identity)) othersRemain = true;
      else await rm(join(this.folder, identity), { force: true });
    }
    return { othersRemain };
  }
}
