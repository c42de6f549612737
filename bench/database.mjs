import { library, load, scratchFolder } from './support.mjs';

/**
 * An embedded PostgreSQL with durable writes, migrated, and the program's services over it; `env` are settings of theirs,
 * `modules` more of them.
 */
export async function openServices({ poolSize = 10, env = {}, modules = [] } = {}) {
  load('reflect-metadata');
  const folder = scratchFolder();
  const { startEmbeddedPostgres, migrate, DatabaseModule } = await library('database');
  const { chmodSync } = await import('node:fs');
  chmodSync(folder.path, 0o755);
  const postgres = await startEmbeddedPostgres({ dataDir: folder.path });
  await migrate(postgres.url);
  const { AppConfig, ConfigModule } = await library('config');
  const { AccountsModule } = await library('accounts');
  const { SyncServicesModule } = await library('sync-services');
  const { Test } = load('@nestjs/testing');
  const module = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(AppConfig.fromEnv({ DATA_DIR: folder.path, ...env })),
      DatabaseModule.forRoot({ url: postgres.url, applicationName: 'holdfast-bench', poolSize }),
      AccountsModule,
      SyncServicesModule,
      ...modules,
    ],
  }).compile();
  return {
    get: (token) => module.get(token, { strict: false }),
    url: postgres.url,
    close: async () => {
      await module.close();
      await postgres.stop();
      folder.remove();
    },
  };
}
