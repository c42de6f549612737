import { AppConfig } from '@app/config';
import { startEmbeddedPostgres } from './embedded/index.js';

/** A PostgreSQL that is up: the administrator's own, or the embedded one. */
export interface DatabaseServer {
  readonly kind: 'embedded' | 'external';
  /** Carries the password: never logged. */
  readonly url: string;
  /** For people: where the data lie. */
  readonly description: string;
  /** Leaves it; the embedded one stops when nobody else uses it. */
  stop(): Promise<void>;
}

/** `DATABASE_URL` where it is set, else the embedded PostgreSQL of DATA_DIR. @throws {EmbeddedPostgresError} */
export async function openDatabaseServer(
  { databaseUrl, dataDir }: AppConfig,
  onStage?: (text: string) => void,
): Promise<DatabaseServer> {
  if (databaseUrl !== undefined) {
    const { host, pathname } = new URL(databaseUrl);
    const description = `PostgreSQL database ${decodeURIComponent(pathname.slice(1))} at ${host} (DATABASE_URL)`;
    return { kind: 'external', url: databaseUrl, description, stop: async () => undefined };
  }
  const embedded = await startEmbeddedPostgres({ dataDir, onStage });
  const description = `${embedded.dataDir} (embedded PostgreSQL; for production set DATABASE_URL)`;
  return { kind: 'embedded', url: embedded.url, description, stop: () => embedded.stop() };
}
