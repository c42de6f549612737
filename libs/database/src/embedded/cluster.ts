import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { EmbeddedPostgresError } from './errors.js';
import { giveTo, type Home, makePrivateFolder, SOCKET_PORT } from './home.js';
import { pidExists, workingFolderOf } from './process-identity.js';

export const SUPERUSER = 'holdfast';
const MAJOR_VERSION = '18';
const POLL_MS = 20;
const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 30_000;
/** No Unix sockets that node-postgres could use: loopback, behind the same password. Not tried on a real Windows. */
const ON_WINDOWS = process.platform === 'win32';
const WINDOWS_PORT = 54_370;
const EXECUTABLE_SUFFIX = ON_WINDOWS ? '.exe' : '';

/** One database cluster: its files, its server process, and how to reach it. */
export class Cluster {
  constructor(
    private readonly home: Home,
    private readonly binaries: string,
    private readonly settings: Readonly<Record<string, string>>,
  ) {}

  /** A connection string for node-postgres; it carries the password, so it is never logged. */
  async url(database: string): Promise<string> {
    const credentials = `${SUPERUSER}:${await this.password()}`;
    if (ON_WINDOWS) return `postgresql://${credentials}@127.0.0.1:${WINDOWS_PORT}/${database}`;
    return `postgresql://${credentials}@localhost:${SOCKET_PORT}/${database}?host=${encodeURIComponent(this.home.socketDir)}`;
  }

  /**
   * Makes the cluster unless it is there. UTF-8 with the built-in C.UTF-8 locale, so that neither `LANG` nor the
   * system's locales matter. A password guards the socket also against other programs of the same account.
   */
  async ensureInitialised(): Promise<void> {
    const version = await readFile(join(this.home.clusterDir, 'PG_VERSION'), 'utf8').catch(() => undefined);
    if (version?.trim() === MAJOR_VERSION) return;
    if (version !== undefined) {
      throw new EmbeddedPostgresError(
        'database/data-dir-other-version',
        `The database in ${this.home.clusterDir} was made by PostgreSQL ${version.trim()}, this program brings ${MAJOR_VERSION}; ` +
          'run the older program, or choose another folder with DATA_DIR',
      );
    }
    const passwordFile = join(this.home.path, 'password');
    await writeFile(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
    // Made aside and renamed, so that an interrupted start leaves no half of a cluster behind.
    const aside = await makePrivateFolder(`${this.home.clusterDir}.new`, this.home.account);
    await this.initdb(aside, passwordFile);
    await rename(aside, this.home.clusterDir);
  }

  /** Whether a server of this cluster answers now. */
  async answers(): Promise<boolean> {
    return this.query('select 1').then(
      () => true,
      () => false,
    );
  }

  /**
   * Starts the server and waits until it answers. It gets a session of its own, so that Ctrl-C in a terminal reaches
   * us and not it.
   * @throws {EmbeddedPostgresError} `database/embedded-failed` with the last lines of its log
   */
  async start(): Promise<void> {
    await this.removeStalePidFile();
    const logFile = join(this.home.path, 'postgresql.log');
    const log = await open(logFile, 'a', 0o600);
    const beganAt = (await stat(logFile)).size;
    try {
      const server = spawn(this.program('postgres'), this.arguments(), {
        cwd: this.home.path,
        detached: true,
        stdio: ['ignore', log.fd, log.fd],
        env: this.environment(),
        ...this.home.account,
      });
      let ended: string | undefined;
      server.once('error', (error) => (ended = error.message));
      server.once('exit', (code, signal) => (ended = `exit code ${code ?? signal}`));
      server.unref();
      for (let waitedMs = 0; !(await this.answers()); waitedMs += POLL_MS) {
        if (ended !== undefined || waitedMs > START_LIMIT_MS) throw await this.startFailure(logFile, beganAt, ended);
        await delay(POLL_MS);
      }
    } finally {
      await log.close();
    }
  }

  /** Disconnects everybody and stops the server in order; waits until it is gone. */
  async stop(): Promise<void> {
    const pid = await this.pid();
    if (pid === undefined || !(await this.isOurs(pid))) return;
    process.kill(pid, 'SIGINT'); // "fast": no new sessions, the running ones are ended, a checkpoint
    for (let waitedMs = 0; pidExists(pid); waitedMs += POLL_MS) {
      if (waitedMs > STOP_LIMIT_MS) {
        throw new EmbeddedPostgresError(
          'database/embedded-failed',
          `The embedded PostgreSQL (process ${pid}) does not stop; end it by hand`,
        );
      }
      await delay(POLL_MS);
    }
  }

  /** Makes a database unless it is there. */
  async ensureDatabase(name: string): Promise<void> {
    const rows = await this.query('select 1 from pg_database where datname = $1', [name]);
    if (rows.length === 0) await this.query(`create database ${pg.escapeIdentifier(name)}`);
  }

  private async query(sql: string, values: unknown[] = []): Promise<unknown[]> {
    const client = new pg.Client({ connectionString: await this.url('postgres'), connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query(sql, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async initdb(clusterDir: string, passwordFile: string): Promise<void> {
    // The account that runs initdb must be able to read the password, and nobody else.
    await giveTo(this.home.account, passwordFile);
    const flags = ['--encoding=UTF8', '--locale-provider=builtin', '--builtin-locale=C.UTF-8', '--locale=C'];
    const auth = ['--auth=scram-sha-256', `--pwfile=${passwordFile}`, `--username=${SUPERUSER}`];
    const initdb = spawn(this.program('initdb'), ['-D', clusterDir, ...flags, ...auth, '--no-instructions'], {
      cwd: this.home.path,
      env: this.environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      ...this.home.account,
    });
    const output: string[] = [];
    for (const stream of [initdb.stdout, initdb.stderr])
      stream.on('data', (text: Buffer) => output.push(text.toString()));
    const [code] = (await once(initdb, 'close')) as [number | null];
    if (code !== 0) {
      const reason = output.join('').trim().split('\n').slice(-3).join(' ');
      throw new EmbeddedPostgresError(
        'database/embedded-failed',
        `The embedded PostgreSQL could not make its cluster: ${reason}`,
      );
    }
  }

  private async password(): Promise<string> {
    return (await readFile(join(this.home.path, 'password'), 'utf8').catch(() => '')).trim();
  }

  private arguments(): string[] {
    const socket = { listen_addresses: '', unix_socket_directories: this.home.socketDir };
    const loopback = { listen_addresses: '127.0.0.1' };
    const settings = {
      port: String(SOCKET_PORT),
      ...(process.platform === 'win32' ? loopback : socket),
      ...this.settings,
    };
    return [
      '-D',
      this.home.clusterDir,
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ];
  }

  private program(name: string): string {
    return join(this.binaries, 'bin', `${name}${EXECUTABLE_SUFFIX}`);
  }

  /** Nothing of ours: a stray PGDATA, LANG or LD_PRELOAD must not change what runs. */
  private environment(): Record<string, string> {
    return { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', LD_LIBRARY_PATH: join(this.binaries, 'lib') };
  }

  private async pid(): Promise<number | undefined> {
    const [line] = (await readFile(join(this.home.clusterDir, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    return /^\d+$/.test(line) ? Number(line) : undefined;
  }

  /** A pid in a file may belong to another program by now; the server works in its cluster's folder. */
  private async isOurs(pid: number): Promise<boolean> {
    if (!pidExists(pid)) return false;
    const folder = await workingFolderOf(pid);
    return folder === undefined ? this.answers() : folder === this.home.clusterDir;
  }

  /** PostgreSQL would take whoever has the pid now for its predecessor and refuse to start. */
  private async removeStalePidFile(): Promise<void> {
    const pid = await this.pid();
    if (pid !== undefined && !(await this.isOurs(pid))) {
      await rm(join(this.home.clusterDir, 'postmaster.pid'), { force: true });
    }
  }

  private async startFailure(
    logFile: string,
    beganAt: number,
    ended: string | undefined,
  ): Promise<EmbeddedPostgresError> {
    const said = (await readFile(logFile)).subarray(beganAt).toString('utf8').trim().split('\n').slice(-3).join(' ');
    return new EmbeddedPostgresError(
      'database/embedded-failed',
      `The embedded PostgreSQL did not start (${ended ?? `no answer within ${START_LIMIT_MS / 1000} s`}): ${said} (log: ${logFile})`,
    );
  }
}
