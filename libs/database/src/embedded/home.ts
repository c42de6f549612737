import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './errors.js';

/** `nobody` of Linux: it has a passwd entry, which PostgreSQL insists on. */
const UNPRIVILEGED = { uid: 65_534, gid: 65_534 };
const SHARED_HOME = '/var/lib/holdfast';
/** The pointer in DATA_DIR that tells where the files went when they could not stay there. */
const POINTER = 'postgres-is-elsewhere.txt';
/** A Unix socket's path, the NUL included, must fit in 108 bytes. */
const LONGEST_SOCKET_PATH = 107;
export const SOCKET_PORT = 5432;

/** The account that PostgreSQL runs as; it refuses to run as root. Undefined: ours. */
export type Account = typeof UNPRIVILEGED | undefined;

/** Where the files of one embedded PostgreSQL lie, and who owns them. */
export interface Home {
  readonly path: string;
  readonly clusterDir: string;
  readonly socketDir: string;
  readonly account: Account;
}

/**
 * Finds and makes the folders. As root the files must be reachable for an unprivileged account, so below a private
 * folder (a clone in /root) they go to /var/lib/holdfast, and a pointer stays in DATA_DIR.
 * @throws {EmbeddedPostgresError} `database/data-dir-unwritable`
 */
export async function prepareHome(dataDir: string): Promise<Home> {
  await makeFolder(dataDir, dataDir);
  const account = process.getuid?.() === 0 ? UNPRIVILEGED : undefined;
  const path = await homeFor(dataDir, account);
  await makeFolder(path, dataDir);
  if (account) await chmod(path, 0o755);
  return { path, clusterDir: join(path, 'cluster'), socketDir: await prepareSocketDir(path, account), account };
}

/** Gives a file or folder to the account that PostgreSQL runs as. */
export async function giveTo(account: Account, path: string): Promise<void> {
  if (account) await chown(path, account.uid, account.gid);
}

async function homeFor(dataDir: string, account: Account): Promise<string> {
  const inside = join(dataDir, 'postgres');
  if (!account || (await enterableByAll(dataDir))) return inside;
  const digest = createHash('sha256').update(dataDir).digest('hex').slice(0, 8);
  const outside = join(SHARED_HOME, `${basename(dirname(dataDir))}-${digest}`);
  const why = `${dataDir} lies below a private folder, and PostgreSQL does not run as root.\n`;
  await writeFile(join(dataDir, POINTER), `${why}Its files are in ${outside}\n`);
  return outside;
}

/** Whether every folder on the way down lets other accounts pass. */
async function enterableByAll(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & 0o001) === 0) return false;
  return dirname(folder) === folder || enterableByAll(dirname(folder));
}

async function makeFolder(path: string, dataDir: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
    const trial = join(path, `.writable-${process.pid}`);
    await mkdir(trial);
    await rmdir(trial);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new EmbeddedPostgresError(
      'database/data-dir-unwritable',
      `DATA_DIR=${dataDir} cannot be written by ${userInfo().username} (${code} at ${path}); ` +
        'give this account the right to, or choose another folder with DATA_DIR',
      cause,
    );
  }
}

/** An empty folder for the account that PostgreSQL runs as and nobody else; what lay there is gone. */
export async function makePrivateFolder(path: string, account: Account): Promise<string> {
  await rm(path, { recursive: true, force: true });
  await mkdir(path, { recursive: true, mode: 0o700 });
  await giveTo(account, path);
  return path;
}

/** Beside the cluster, or in the temporary folder when the path would be too long for a socket. */
async function prepareSocketDir(home: string, account: Account): Promise<string> {
  const beside = join(home, 'socket');
  if (Buffer.byteLength(join(beside, `.s.PGSQL.${SOCKET_PORT}.lock`)) <= LONGEST_SOCKET_PATH) {
    await mkdir(beside, { recursive: true, mode: 0o700 });
    await giveTo(account, beside);
    return beside;
  }
  const short = join(tmpdir(), `holdfast-${createHash('sha256').update(home).digest('hex').slice(0, 16)}`);
  await mkdir(short, { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EEXIST') throw error;
  });
  const { uid } = await lstat(short);
  const expected = [account?.uid, process.getuid?.()];
  if (!expected.includes(uid)) {
    throw new EmbeddedPostgresError(
      'database/embedded-failed',
      `${short}, where the database's socket belongs, is owned by another account; remove it or choose a shorter DATA_DIR`,
    );
  }
  await chmod(short, 0o700);
  await giveTo(account, short);
  return short;
}
