import { tmpdir } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AAS_WORKER } from '@app/aas';
import { AccountsModule } from '@app/accounts';
import { AuthModule } from '@app/auth';
import { AppConfig, ConfigModule } from '@app/config';
import { DatabaseModule } from '@app/database';
import { GATEWAY_TIMEOUTS, type GatewayTimeouts, STANDARD_TIMEOUTS } from '@app/device-gateway';
import { HttpModule } from '@app/http';
import { IdempotencyModule } from '@app/idempotency';
import { Clock } from '@app/kernel';
import { COORDINATION_OPTIONS, type CoordinationOptions } from '@app/sync-coordinator';
import { type DynamicModule, type INestApplication, Logger, type Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { BUILT_AAS_WORKER } from './aas-files.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** The administrator's token of every test app. */
export const TEST_TOKEN = 'test-administrator-token';

/** Patient enough for a noisy machine, impatient enough for a test of silence. */
export const QUICK_TIMEOUTS: GatewayTimeouts = {
  ...STANDARD_TIMEOUTS,
  connectMs: 5_000,
  idleMs: 500,
  datagramMs: 150,
  overallMs: 20_000,
  closeMs: 100,
  replyMs: 500,
  pageMs: 300,
};

/** A running application over a database of its own. */
export interface TestApp extends AsyncDisposable {
  readonly app: INestApplication;
  readonly database: TestDatabase;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
}

/** Providers to replace: token and value. */
export type TestProviders = readonly (readonly [symbol | (abstract new (...args: never[]) => unknown), unknown])[];

/** Opens modules as in production: real PostgreSQL, validation, filter and guard; time and patience can be replaced. */
export async function openTestApp(
  modules: readonly (Type | DynamicModule)[],
  options: {
    readonly clock?: Clock;
    readonly timeouts?: GatewayTimeouts;
    readonly coordination?: CoordinationOptions;
    /** Other providers to replace: token and value. */
    readonly provide?: TestProviders;
    /** Settings besides those of every test app. */
    readonly env?: Readonly<Record<string, string>>;
    /** Another app's database, as a second server has it. */
    readonly database?: TestDatabase;
    /** What stands before the routes. */
    readonly prepare?: (app: INestApplication) => void;
  } = {},
): Promise<TestApp> {
  const database = options.database ?? (await createTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-test-app-'));
  const config = AppConfig.fromEnv({
    ADMIN_TOKEN: TEST_TOKEN,
    DATA_DIR: dataDir,
    REQUESTS_PER_MINUTE: '0',
    ...options.env,
  });
  Logger.overrideLogger(false);
  const builder = Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(config),
      DatabaseModule.forRoot({ url: database.url, applicationName: 'holdfast-test' }),
      HttpModule,
      AuthModule,
      AccountsModule,
      IdempotencyModule,
      ...modules,
    ],
  })
    .overrideProvider(GATEWAY_TIMEOUTS)
    .useValue(options.timeouts ?? QUICK_TIMEOUTS)
    .overrideProvider(AAS_WORKER)
    .useValue(BUILT_AAS_WORKER);
  if (options.clock) builder.overrideProvider(Clock).useValue(options.clock);
  if (options.coordination) builder.overrideProvider(COORDINATION_OPTIONS).useValue(options.coordination);
  for (const [token, value] of options.provide ?? []) builder.overrideProvider(token).useValue(value);
  const app = (await builder.compile()).createNestApplication({ logger: false });
  const dispose = async (): Promise<void> => {
    await app.close();
    if (!options.database) await database[Symbol.asyncDispose]();
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    options.prepare?.(app);
    await app.init();
  } catch (error) {
    await dispose();
    throw error;
  }
  return {
    app,
    database,
    get: (token) => app.get(token),
    [Symbol.asyncDispose]: dispose,
  };
}
