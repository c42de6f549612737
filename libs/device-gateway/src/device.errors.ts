import { AppError, type ErrorKind } from '@app/kernel';

export const PROBE_STAGES = ['resolve', 'connect', 'handshake', 'authenticate', 'read', 'counter', 'clock'] as const;
/** How far a session had come. */
export type ProbeStageName = (typeof PROBE_STAGES)[number];

export type DeviceErrorCode =
  | 'device/bad-address'
  | 'device/address-not-allowed'
  | 'device/unresolved'
  | 'device/unreachable'
  | 'device/not-connected'
  | 'device/connection-lost'
  | 'device/timeout'
  | 'device/not-zk'
  | 'device/closed-protocol'
  | 'device/unauthorised'
  | 'device/refused'
  | 'device/protocol-violation'
  | 'device/incomplete-read'
  | 'device/serial-mismatch'
  | 'device/command-not-allowed'
  | 'device/driver-crashed'
  | 'device/aborted';

const KINDS: Partial<Record<DeviceErrorCode, ErrorKind>> = {
  'device/bad-address': 'invalid',
  'device/address-not-allowed': 'invalid',
  'device/serial-mismatch': 'conflict',
  'device/command-not-allowed': 'internal',
};

/** What any work at a terminal can come to, for the description of a route that does some. */
export const TERMINAL_PROBLEMS = [
  'device/address-not-allowed',
  'device/unresolved',
  'device/unreachable',
  'device/not-connected',
  'device/connection-lost',
  'device/timeout',
  'device/not-zk',
  'device/closed-protocol',
  'device/unauthorised',
  'device/refused',
  'device/protocol-violation',
  'device/incomplete-read',
  'device/driver-crashed',
  'device/aborted',
] as const satisfies readonly DeviceErrorCode[];

/** A terminal could not be reached, is not what it should be, or did not prove what it said. */
export class DeviceError extends AppError {
  readonly kind: ErrorKind;
  /** Where the session was; undefined outside of one. */
  readonly stage?: ProbeStageName;

  constructor(
    readonly code: DeviceErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown>; stage?: ProbeStageName } = {},
  ) {
    super(message, options);
    this.kind = KINDS[code] ?? 'unavailable';
    this.stage = options.stage;
  }

  /** The same error, with the stage at which it happened. */
  at(stage: ProbeStageName): DeviceError {
    if (this.stage !== undefined) return this;
    return new DeviceError(this.code, this.message, { cause: this, details: { ...this.details }, stage });
  }
}

/** Why a read could not be proven. */
export type IncompleteReason =
  | 'counter-changed'
  | 'counter-mismatch'
  | 'size-mismatch'
  | 'record-width'
  | 'duplicate-slot'
  | 'duplicate-user-id'
  | 'packet-order'
  | 'chunk-incomplete'
  | 'page-missing'
  | 'page-repeated'
  | 'bad-page'
  | 'no-end'
  | 'no-counter'
  | 'list-changed'
  | 'lists-differ';

/** The terminal was read, but it is not proven that this was all of it: there is no list, not even a short one. */
export class IncompleteReadError extends DeviceError {
  constructor(
    readonly reason: IncompleteReason,
    message: string,
    facts: Record<string, unknown> = {},
  ) {
    super('device/incomplete-read', message, { details: { reason, ...facts }, stage: 'read' });
  }
}
