import { AppError, type ErrorKind } from '@app/kernel';
import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { snakeCased } from './snake-case.js';

/** An RFC 9457 problem document; never a stack, SQL or a path of this machine. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly instance?: string;
  readonly request_id?: string;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Describes a problem document to Swagger. */
export class ProblemDocument implements Problem {
  @ApiProperty({ example: 'urn:holdfast:error:device:incomplete-read' }) readonly type: string;
  @ApiProperty({ example: 'Service Unavailable' }) readonly title: string;
  @ApiProperty({ type: 'integer', example: 503 }) readonly status: number;
  @ApiProperty({
    example: 'device/incomplete-read',
    pattern: '^[a-z][a-z-]*/[a-z0-9-]+$',
    description: 'Stable; docs/errors.md tells what each means.',
  })
  readonly code: string;
  @ApiProperty({ description: 'What happened, which value, which bound, and the remedy.' }) readonly detail: string;
  @ApiPropertyOptional({ description: 'The path of the request.' }) readonly instance?: string;
  @ApiPropertyOptional({ description: 'Stands in the log lines of this request.' }) readonly request_id?: string;
  @ApiPropertyOptional({ type: Object, description: 'Facts for programs.' })
  readonly facts?: Readonly<Record<string, unknown>>;
}

const STATUS: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  'not-found': 404,
  conflict: 409,
  stale: 412,
  'too-many': 429,
  internal: 500,
  unavailable: 503,
};

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** The one table from what an error means to an HTTP status. */
export function statusOf(kind: ErrorKind): number {
  return STATUS[kind];
}

/** The problem document of a foreseen error; `unavailable` means "retry later", all else "stop and tell". */
export function problemOf(error: AppError): Problem {
  const facts = snakeCased(error.details);
  return {
    ...bareProblem(statusOf(error.kind), error.code, error.message),
    ...(Object.keys(facts).length > 0 ? { facts } : {}),
  };
}

/** A problem document for what has no AppError, such as an unknown route. */
export function bareProblem(status: number, code: string, detail: string): Problem {
  return {
    type: `urn:holdfast:error:${code.replaceAll('/', ':')}`,
    title: TITLES[status] ?? 'Error',
    status,
    code,
    detail,
  };
}
