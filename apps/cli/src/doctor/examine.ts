import { AppConfig, InvalidConfigError } from '@app/config';
import { openDatabaseServer } from '@app/database';
import { AppError } from '@app/kernel';
import { DataSource } from 'typeorm';
import { openServices } from '../context.js';
import { type Check, failed, ok } from './check.js';
import { databaseChecks, schemaCheck } from './database-checks.js';
import { hostChecks } from './host-checks.js';
import { serviceChecks } from './service-checks.js';

/** Looks at everything that can be wrong with an installation, as far as each look is possible. Changes nothing. */
export async function* examine(): AsyncGenerator<Check> {
  let config: AppConfig;
  try {
    config = AppConfig.fromProcess();
  } catch (error) {
    if (!(error instanceof InvalidConfigError)) throw error;
    yield* hostChecks(undefined, error);
    return;
  }
  yield* hostChecks(config);
  try {
    const database = await openDatabaseServer(config);
    try {
      yield ok('database server', database.description);
      yield* examineDatabase(config, database.url);
    } finally {
      await database.stop();
    }
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    yield failed('database server', error.message, 'see docs/TROUBLESHOOTING.md, “The server does not start”');
  }
}

async function* examineDatabase(config: AppConfig, url: string): AsyncGenerator<Check> {
  const schema = await schemaCheck(url);
  yield schema;
  if (schema.verdict !== 'ok') return;
  const app = await openServices(config, url);
  try {
    yield* databaseChecks(app.get(DataSource));
    yield* serviceChecks(app);
  } finally {
    await app.close();
  }
}
