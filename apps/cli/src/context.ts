import { AppConfig, ConfigModule } from '@app/config';
import { assertSchemaCurrent, openDatabaseServer } from '@app/database';
import { DeviceGateway, DeviceGatewayModule } from '@app/device-gateway';
import { createLogger, NestLogger } from '@app/logging';
import { type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { destination } from 'pino';
import { tell } from './output.js';

/** The CLI's own log: warnings and worse, on standard error, so that data on standard output stays clean. */
function commandLogger(config: AppConfig): NestLogger {
  const level = config.logLevel === 'info' ? 'silent' : config.logLevel;
  return new NestLogger(createLogger(level, destination(2)));
}

/** A database that is up, for as long as `work` takes. An embedded one that runs already is shared, not stopped. */
export async function withDatabase<T>(work: (database: { url: string; config: AppConfig }) => Promise<T>): Promise<T> {
  const config = AppConfig.fromProcess();
  const database = await openDatabaseServer(config, tell);
  try {
    return await work({ url: database.url, config });
  } finally {
    await database.stop();
  }
}

/** The program's services over a database whose schema is current; whoever opens them closes them. */
export async function openServices(config: AppConfig, databaseUrl: string): Promise<INestApplicationContext> {
  const { CliModule } = await import('./cli.module.js');
  const module = CliModule.forRoot({ config, databaseUrl });
  return NestFactory.createApplicationContext(module, { logger: commandLogger(config), abortOnError: false });
}

/** The program's services, for as long as `work` takes. @throws {SchemaOutdatedError} */
export async function withServices<T>(work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  return withDatabase(async ({ url, config }) => {
    await assertSchemaCurrent(url);
    const app = await openServices(config, url);
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  });
}

/** One module alone: what needs no database must not ask for one. */
export async function withModule<T>(module: Type, work: (app: INestApplicationContext) => Promise<T>): Promise<T> {
  const settings = ConfigModule.forRoot(AppConfig.fromProcess());
  const app = await NestFactory.createApplicationContext(
    { module, imports: [settings] },
    { logger: false, abortOnError: false },
  );
  try {
    return await work(app);
  } finally {
    await app.close();
  }
}

/** The device gateway alone. */
export async function withGateway<T>(work: (gateway: DeviceGateway) => Promise<T>): Promise<T> {
  return withModule(DeviceGatewayModule, (app) => work(app.get(DeviceGateway)));
}
