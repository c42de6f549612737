import { AppError } from '@app/kernel';
import { QueryFailedError } from 'typeorm';
import { sqlState, SqlState } from './sql-state.js';

/** No PostgreSQL answers where one should be. */
export class DatabaseUnreachableError extends AppError {
  readonly code = 'database/unreachable';
  readonly kind = 'unavailable';

  /** Says where and why; never the password. */
  static from(url: string, cause: unknown): DatabaseUnreachableError {
    const { host, pathname } = new URL(url);
    const where = `${decodeURIComponent(pathname.slice(1)) || 'the default database'} at ${host || 'the local socket'}`;
    return new DatabaseUnreachableError(`The database ${where} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

/** The database was there and is not any more: it was stopped, or the network to it is cut. */
export class DatabaseGoneError extends AppError {
  readonly code = 'database/gone';
  readonly kind = 'unavailable';

  constructor(cause: unknown) {
    super('The database does not answer now; nothing was stored. Try again; the log says why', { cause });
  }
}

/**
 * Whether an error that nobody foresaw tells that there is no database behind a query. Whatever else is connected to, such as a
 * terminal, fails with an AppError of its own.
 */
export function tellsDatabaseGone(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return state.startsWith('08') || GONE_STATES.has(state);
  const origin: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (origin instanceof AggregateError) return origin.errors.some(tellsDatabaseGone); // several addresses of one host
  if (!(origin instanceof Error)) return false;
  const { syscall, code } = origin as NodeJS.ErrnoException;
  if (syscall === 'connect' || code === 'ECONNRESET') return true;
  // The message is all that pg gives to a query whose connection was cut, or that got none in time.
  return /^(Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error)/.test(
    origin.message,
  );
}

/** Shut down by an administrator, by a crash, starting up, too many connections. */
const GONE_STATES: ReadonlySet<string> = new Set(['57P01', '57P02', '57P03', '53300']);

/** The database holds migrations that this program does not know. */
export class SchemaTooNewError extends AppError {
  readonly code = 'database/schema-newer';
  readonly kind = 'conflict';

  constructor(unknown: readonly string[]) {
    super(
      `The database schema is newer than this program: it has ${unknown.join(', ')}; ` +
        'run the newer program, or restore the database as it was before',
      { details: { unknown } },
    );
  }
}

/** Migrations are pending. */
export class SchemaOutdatedError extends AppError {
  readonly code = 'database/schema-older';
  readonly kind = 'conflict';

  constructor(pending: readonly string[]) {
    super(
      `The database schema is older than this program: ${pending.join(', ')} not applied; ` +
        'run `holdfast db migrate`, or start the server, which does it too',
      { details: { pending } },
    );
  }
}

function reasonOf(cause: unknown): string {
  const state = sqlState(cause);
  if (state === SqlState.INVALID_PASSWORD) return 'user or password is wrong; mend DATABASE_URL';
  if (state === SqlState.UNKNOWN_DATABASE) return 'it does not exist; create it, or mend DATABASE_URL';
  if (state === SqlState.INSUFFICIENT_PRIVILEGE) {
    return (
      `${(cause as Error).message}; as the owner of the schema, not as the role of the servers, ` +
      'run `holdfast db migrate` and then docs/application-role.sql'
    );
  }
  const code = (cause as { code?: unknown }).code;
  if (code === 'ECONNREFUSED') return 'nothing listens there; start PostgreSQL or mend DATABASE_URL';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host; mend DATABASE_URL';
  if (code === 'ETIMEDOUT') return 'no answer in time; check network and firewall, or mend DATABASE_URL';
  const text = cause instanceof Error && cause.message !== '' ? cause.message : String(code ?? 'no reason given');
  return `${text}; check that PostgreSQL runs and that DATABASE_URL is right`;
}
