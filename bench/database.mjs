import { library, load, scratchFolder } from './support.mjs';

/** An embedded PostgreSQL with durable writes, migrated, in a folder that also is DATA_DIR of what works on it. */
export async function startDatabase() {
  const folder = scratchFolder();
  const { startEmbeddedPostgres, migrate } = await library('database');
  const { chmodSync } = await import('node:fs');
  chmodSync(folder.path, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: folder.path });
  await migrate(postgres.url);
  return {
    url: postgres.url,
    folder: folder.path,
    close: async () => {
      await postgres.stop();
      folder.remove();
    },
  };
}

/**
 * The program's services over a database: one of their own, unless `database` is that of another process. `env` are settings
 * of theirs, `modules` more of them.
 */
export async function openServices({ poolSize = 10, env = {}, modules = [], database } = {}) {
  load('reflect-metadata');
  const own = database ? undefined : await startDatabase();
  const { url, folder } = database ?? own;
  const { DatabaseModule } = await library('database');
  const { AppConfig, ConfigModule } = await library('config');
  const { AccountsModule } = await library('accounts');
  const { SyncServicesModule } = await library('sync-services');
  const { Test } = load('@nestjs/testing');
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(AppConfig.fromEnv({ DATA_DIR: folder, ...env })),
      DatabaseModule.forRoot({ url, applicationName: 'holdfast-bench', poolSize }),
      AccountsModule,
      SyncServicesModule,
      ...modules,
    ],
  }).compile();
  return {
    get: (token) => module.get(token, { strict: false }),
    /** Lets features register with each other, as at the start of a server; nothing begins by itself. */
    init: () => module.init(),
    url,
    close: async () => {
      await module.close();
      await own?.close();
    },
  };
}
