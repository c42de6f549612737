/** How patient a session is. */
export interface GatewayTimeouts {
  readonly connectMs: number;
  /** The longest silence between two whole packets. */
  readonly idleMs: number;
  /** On UDP, the silence after which a request is sent again; at most three times. */
  readonly datagramMs: number;
  /** The longest session without bulk data, so that a byte a second does not live for ever. */
  readonly overallMs: number;
  /** Added to it for every 64 KiB that the terminal announces. */
  readonly perChunkMs: number;
  /** How long a goodbye may take. */
  readonly closeMs: number;
  /** How long a stream of events may be silent before the terminal is asked whether it is still there. */
  readonly keepAliveMs: number;
}

export const GATEWAY_TIMEOUTS = Symbol('GATEWAY_TIMEOUTS');

export const STANDARD_TIMEOUTS: GatewayTimeouts = {
  connectMs: 5_000,
  idleMs: 10_000,
  datagramMs: 2_000,
  overallMs: 120_000,
  perChunkMs: 20_000,
  closeMs: 500,
  keepAliveMs: 20_000,
};
