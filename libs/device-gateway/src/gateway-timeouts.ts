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
  /** Terminals that dial in: how long a reply may take, and the next page of a list. */
  readonly replyMs: number;
  readonly pageMs: number;
  /** How long one that dials in may be silent; at two thirds of it, it is asked for the time. */
  readonly silenceMs: number;
  /** How long one read may go on asking for details, one user at a time. */
  readonly detailsMs: number;
  /** How long the answer to a write may take; as for any other request unless given. */
  readonly writeMs?: number;
  /** How old the details of a user may be before they are asked for again. */
  readonly detailsAgeMs: number;
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
  replyMs: 20_000,
  pageMs: 8_000,
  silenceMs: 180_000,
  detailsMs: 90_000,
  detailsAgeMs: 24 * 60 * 60 * 1_000,
};
