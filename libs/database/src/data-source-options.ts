import { migrations } from '@app/migrations';
import { type DataSourceOptions } from 'typeorm';

const CONNECT_TIMEOUT_MS = 5_000;

/**
 * How every pool connects. The time-outs are part of the lease's promise: without the last one, a stopped client with
 * an open transaction would block a takeover for ever (safety design 1).
 */
export function dataSourceOptions(
  url: string,
  options: { readonly applicationName: string; readonly poolSize?: number } = { applicationName: 'holdfast' },
): DataSourceOptions {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    migrationsRun: false,
    migrations,
    migrationsTableName: 'migrations',
    connectTimeoutMS: CONNECT_TIMEOUT_MS,
    applicationName: options.applicationName,
    poolSize: options.poolSize ?? 10,
    extra: {
      lock_timeout: 2_000,
      statement_timeout: 30_000,
      idle_in_transaction_session_timeout: 15_000,
    },
  };
}
