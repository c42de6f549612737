import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AAS_WORKER } from '@app/aas';
import { BearerGuesses } from '@app/auth';
import { AppConfig } from '@app/config';
import { AifaceTerminal, inventPunches, inventUsers, ZkTerminal } from '@app/device-emulator';
import { GATEWAY_TIMEOUTS } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { DialInService } from '@app/dial-in';
import { Clock, SystemClock, systemActor } from '@app/kernel';
import { createLogger, NestLogger } from '@app/logging';
import { DirectMachineSync } from '@app/sync-services';
import { Logger, type Type } from '@nestjs/common';
import { type NestExpressApplication } from '@nestjs/platform-express';
import { SchedulerRegistry } from '@nestjs/schedule';
import { type OpenAPIObject } from '@nestjs/swagger';
import { Test } from '@nestjs/testing';
import {
  aMapping,
  BUILT_AAS_WORKER,
  createTestDatabase,
  deviceOf,
  QUICK_TIMEOUTS,
  TEST_TOKEN,
  type TestDatabase,
} from '@test/support';
import { FRONT_OPTIONS, mountFront } from '../../apps/server/src/http-front.js';
import { describeApi } from '../../apps/server/src/openapi/describe-api.js';
import { ServerModule } from '../../apps/server/src/server.module.js';

/** Waits for nothing, so that a terminal that is not there is told at once. */
class ImpatientClock extends SystemClock {
  override async sleep(_durationMs: number, signal?: AbortSignal): Promise<void> {
    await super.sleep(1, signal);
  }
}

/** The whole server as it runs, in this process: every module, every layer before the routes, no schedules. */
export interface ContractApp extends AsyncDisposable {
  readonly app: NestExpressApplication;
  readonly database: TestDatabase;
  readonly port: number;
  /** A ZK terminal that is registered and was read once, and its device. */
  readonly terminal: ZkTerminal;
  readonly device: Device;
  /** A terminal that dials in and waits to be adopted. */
  readonly pending: AifaceTerminal;
  /** Every line of the log. */
  readonly logged: readonly string[];
  readonly document: OpenAPIObject;
  get<T>(token: Type<T> | (abstract new (...args: never[]) => T)): T;
}

export interface ContractOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly provide?: readonly (readonly [symbol | Type, unknown])[];
  readonly terminal?: Parameters<typeof ZkTerminal.start>[0];
  /** Leaves the registered terminal unread, for settings under which it cannot be. */
  readonly unread?: boolean;
}

export async function openContractApp(options: ContractOptions = {}): Promise<ContractApp> {
  const database = await createTestDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), 'holdfast-contract-'));
  const settings = {
    ADMIN_TOKEN: TEST_TOKEN,
    DATA_DIR: dataDir,
    AIFACE_PORT: '0',
    TIME_ZONE: 'UTC',
    DEVICE_NETWORKS: '127.0.0.0/8',
    REQUESTS_PER_MINUTE: '0',
    ...options.env,
  };
  const config = AppConfig.fromEnv(settings);
  const logged: string[] = [];
  const logger = createLogger('trace', { write: (line) => void logged.push(line) });
  Logger.overrideLogger(new NestLogger(logger));
  const builder = Test.createTestingModule({
    imports: [ServerModule.forRoot({ config, logger, databaseUrl: database.url })],
  })
    .overrideProvider(GATEWAY_TIMEOUTS)
    .useValue(QUICK_TIMEOUTS)
    .overrideProvider(AAS_WORKER)
    .useValue(BUILT_AAS_WORKER)
    // Everybody here comes from one address, and guesses on purpose.
    .overrideProvider(BearerGuesses)
    .useValue({ requireMayTry: () => undefined, noteFailure: () => undefined, noteGood: () => undefined })
    .overrideProvider(Clock)
    .useClass(ImpatientClock);
  for (const [token, value] of options.provide ?? []) builder.overrideProvider(token).useValue(value);
  const module = await builder.compile();
  const app = module.createNestApplication<NestExpressApplication>({
    ...FRONT_OPTIONS,
    logger: new NestLogger(logger),
  });
  mountFront(app);
  await app.listen(0, '127.0.0.1');
  for (const job of app.get(SchedulerRegistry).getCronJobs().values()) await job.stop();
  const { terminal, device, pending } = await populate(app, database, options);
  return {
    app,
    database,
    port: (app.getHttpServer().address() as AddressInfo).port,
    terminal,
    device,
    pending,
    logged,
    document: describeApi(app),
    get: (token) => app.get(token, { strict: false }),
    async [Symbol.asyncDispose]() {
      await pending.stop();
      await app.get(DialInService, { strict: false }).stop();
      await app.close();
      await terminal.stop();
      await database[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true, force: true });
      Logger.overrideLogger(false);
    },
  };
}

/** Something of everything that the API shows, so that an answer is not good for being empty. */
async function populate(
  app: NestExpressApplication,
  { dataSource }: TestDatabase,
  options: ContractOptions,
): Promise<Pick<ContractApp, 'terminal' | 'device' | 'pending'>> {
  const users = inventUsers({ count: 30 });
  const punches = inventPunches(users, { days: 2, until: new Date('2026-02-01T00:00:00Z'), seed: 1 });
  const serialNumber = 'CONTRACT0001';
  const terminal = await ZkTerminal.start({ users, punches, serialNumber, connections: 'many', ...options.terminal });
  const device = await deviceOf(dataSource, terminal);
  await aMapping(dataSource, device.id, '1001');
  const sync = app.get(DirectMachineSync, { strict: false });
  if (!options.unread) await sync.syncNow(device, { actor: systemActor });
  const { port } = await app.get(DialInService, { strict: false }).listen();
  const pending = AifaceTerminal.start({
    server: `ws://127.0.0.1:${port}`,
    serialNumber: 'CONTRACT0002',
    redialMs: 20,
  });
  await pending.until(() => pending.refusedBecause !== undefined);
  return { terminal, device, pending };
}
