export { DatabaseModule } from './database.module.js';
export {
  DatabaseGoneError,
  DatabaseUnreachableError,
  SchemaOutdatedError,
  SchemaTooNewError,
  tellsDatabaseGone,
} from './database.errors.js';
export { type DatabaseServer, openDatabaseServer } from './database-server.js';
export { dataSourceOptions } from './data-source-options.js';
export {
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  type EmbeddedPostgresErrorCode,
  type EmbeddedPostgresOptions,
  startEmbeddedPostgres,
} from './embedded/index.js';
export { assertSchemaCurrent, migrate, migrationStatus, type MigrationStatus, revertLast } from './migrate.js';
export { type PreparedResult, type PreparedStatement, runPrepared } from './prepared-statement.js';
export { type Tx, sqlState, SqlState } from './sql-state.js';
