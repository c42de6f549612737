import { findBinaries, provideBinaries } from './binaries.js';
import { Cluster } from './cluster.js';
import { prepareHome } from './home.js';
import { withStartLock } from './start-lock.js';
import { DatabaseUsers } from './users.js';

export interface EmbeddedPostgresOptions {
  /** Our data folder; the files of PostgreSQL go to `postgres` in it, unless root must put them elsewhere. */
  readonly dataDir: string;
  readonly database?: string;
  /** Server settings that apply when it has to be started. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly onStage?: (text: string) => void;
}

/** A running embedded PostgreSQL. */
export interface EmbeddedPostgres {
  /** For node-postgres; carries the password. */
  readonly url: string;
  /** Where the files really lie. */
  readonly dataDir: string;
  /** False: it ran already, for another process. */
  readonly startedByUs: boolean;
  /** Leaves it, and stops it when no other process uses it. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL of a data folder, or joins the one that runs: a command beside the server, or what
 * an earlier process left behind when it was killed.
 * @throws {EmbeddedPostgresError} with one sentence and the remedy
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { dataDir, database = 'holdfast', settings = {}, onStage } = options;
  const found = await findBinaries();
  const home = await prepareHome(dataDir);
  const users = new DatabaseUsers(home.path);
  return withStartLock(home.path, async () => {
    const cluster = new Cluster(home, await provideBinaries(found, home.path), settings);
    await cluster.ensureInitialised();
    const startedByUs = !(await cluster.answers());
    if (startedByUs) {
      onStage?.('starting the embedded PostgreSQL');
      await cluster.start();
    }
    await cluster.ensureDatabase(database);
    await users.add();
    return {
      url: await cluster.url(database),
      dataDir: home.path,
      startedByUs,
      stop: () =>
        withStartLock(home.path, async () => {
          const { othersRemain } = await users.leave();
          if (!othersRemain) await cluster.stop();
        }),
    };
  });
}
