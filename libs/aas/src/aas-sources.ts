import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { AasFileError, unreadable } from './aas.errors.js';

/** A file that AAS wrote. `backup`: one of its own dated copies, which nobody holds open. */
export interface AasSource {
  readonly path: string;
  readonly kind: 'mdb' | 'csv';
  readonly role: 'live' | 'backup' | 'export';
  readonly modifiedAt: Date;
  readonly sizeBytes: number;
}

const LIVE = 'tmkq.mdb';
/** AAS keeps one copy for each day of the month. */
const BACKUP = /^(?:[1-9]|[12][0-9]|3[01])tmkqbak\.mdb$/i;

/**
 * The files worth reading at `path`, a file or AAS's folder, in the order of reading: AAS's newest daily copy first,
 * which nobody holds open; then the live database for what came since, unless AAS has it open.
 * @throws {AasFileError} there is nothing, or only a live file that AAS holds open
 */
export async function findAasSources(path: string): Promise<AasSource[]> {
  const stats = await stat(path).catch((error: unknown) => {
    throw unreadable(path, error);
  });
  if (!stats.isDirectory() && !/\.mdb$/i.test(path)) return [await sourceAt(path, 'csv', 'export')];
  const folder = stats.isDirectory() ? path : dirname(path);
  const names = await readdir(folder);
  const live = stats.isDirectory() ? names.find((name) => name.toLowerCase() === LIVE) : basename(path);
  const backups = await Promise.all(
    names.filter((name) => BACKUP.test(name)).map((name) => sourceAt(join(folder, name), 'mdb', 'backup')),
  );
  const newest = backups.toSorted((a, b) => b.modifiedAt.getTime() - a.modifiedAt.getTime()).slice(0, 1);
  if (live === undefined) {
    if (newest.length > 0) return newest;
    throw new AasFileError('aas/not-found', `${folder} holds neither ${LIVE} nor a daily copy of it; mend AAS_PATH`);
  }
  if (!isHeldOpen(live, names)) return [...newest, await sourceAt(join(folder, live), 'mdb', 'live')];
  if (newest.length > 0) return newest;
  throw new AasFileError(
    'aas/file-locked',
    `${join(folder, live)} is open in AAS, and there is no daily copy beside it; it is read when AAS closes it`,
  );
}

/** Access puts a file of the same name beside a database for as long as somebody has it open. */
function isHeldOpen(live: string, names: readonly string[]): boolean {
  const lock = live.toLowerCase().replace(/\.mdb$/, '.ldb');
  return names.some((name) => name.toLowerCase() === lock);
}

async function sourceAt(path: string, kind: AasSource['kind'], role: AasSource['role']): Promise<AasSource> {
  try {
    const { mtime, size } = await stat(path);
    return { path, kind, role, modifiedAt: mtime, sizeBytes: size };
  } catch (error) {
    throw unreadable(path, error);
  }
}
