import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The reading thread as it was built: a thread cannot run what Jest has only in its memory. */
export const BUILT_AAS_WORKER = pathToFileURL(resolve('dist/libs/aas/src/aas-worker.js'));

/** Files of the real AAS format; too large to copy into the repository. */
export function aasFixture(name: string): string {
  return resolve('../shared/fixtures', name);
}

/** A folder like that of an AAS installation, with copies of fixtures under names of its own. */
export async function anAasFolder(
  files: Readonly<Record<string, string>>,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'holdfast-aas-'));
  for (const [name, fixture] of Object.entries(files)) await copyFile(aasFixture(fixture), join(path, name));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
