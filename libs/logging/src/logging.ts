import { type DynamicModule, Injectable, type LoggerService, Module } from '@nestjs/common';
import { type DestinationStream, type Logger, pino } from 'pino';
import { currentRequestId } from './request-id.js';

/** Fields that must never reach a log line, wherever they stand. */
const SECRET_FIELDS = ['authorization', 'cookie', 'commKey', 'comm_key', 'password', 'pin', 'token', 'adminToken'];

/**
 * The JSON log of the process: one object a line with time (ISO 8601, UTC), level, context, message and, inside a
 * request, its id. Device texts appear as JSON strings only, so that a name cannot forge a line.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }), bindings: () => ({}) },
    redact: { paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `req.headers.${field}`]), censor: '***' },
    mixin: (line: object) => {
      if ('res' in line) return {}; // the line about an answer brings the id of its own request
      const requestId = currentRequestId();
      return requestId ? { request_id: requestId } : {};
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What Nest says about its own assembly: of use to us only when it fails. */
const ASSEMBLY_CONTEXTS = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
]);

/** Lets Nest and our services log through pino; `logger.log({ msg, …facts })` keeps the facts as fields. */
@Injectable()
export class NestLogger implements LoggerService {
  /** @param pino where everything goes, for what logs by itself */
  constructor(readonly pino: Logger) {}

  log(message: unknown, ...rest: unknown[]): void {
    this.write(ASSEMBLY_CONTEXTS.has(String(rest.at(-1))) ? 'debug' : 'info', message, rest);
  }
  error(message: unknown, ...rest: unknown[]): void {
    this.write('error', message, rest);
  }
  warn(message: unknown, ...rest: unknown[]): void {
    this.write('warn', message, rest);
  }
  debug(message: unknown, ...rest: unknown[]): void {
    this.write('debug', message, rest);
  }
  verbose(message: unknown, ...rest: unknown[]): void {
    this.write('trace', message, rest);
  }
  fatal(message: unknown, ...rest: unknown[]): void {
    this.write('fatal', message, rest);
  }

  /** Nest hands over the message, then extra values, and the context last. */
  private write(
    level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal',
    message: unknown,
    rest: unknown[],
  ): void {
    const context = typeof rest.at(-1) === 'string' ? (rest.at(-1) as string) : undefined;
    const stack = rest.length > 1 && typeof rest[0] === 'string' ? rest[0] : undefined;
    if (message instanceof Error) this.pino[level]({ context, err: message }, message.message);
    else if (typeof message === 'object' && message !== null) this.pino[level]({ context, ...message });
    else this.pino[level]({ context, stack }, String(message));
  }
}

/** Provides the one logger of the process. */
@Module({})
export class LoggingModule {
  static forRoot(logger: Logger): DynamicModule {
    return {
      module: LoggingModule,
      global: true,
      providers: [{ provide: NestLogger, useValue: new NestLogger(logger) }],
      exports: [NestLogger],
    };
  }
}
