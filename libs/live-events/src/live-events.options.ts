/** How patient the streams of events are, and how many there may be. */
export interface LiveEventsOptions {
  /** A silent stream says so often that it lives. */
  readonly keepAliveMs: number;
  /** How often it is checked that a reader may still read. */
  readonly checkEveryMs: number;
  /** How often is looked for events that no notification told of. */
  readonly pollEveryMs: number;
  /** How soon is looked again while an older transaction is under way, which an event has to wait for. */
  readonly pendingMs: number;
  /** A reader who takes nothing for so long is dropped. */
  readonly stalledMs: number;
  readonly streamsPerCaller: number;
  readonly streams: number;
  readonly retentionDays: number;
}

export const LIVE_EVENTS_OPTIONS = Symbol('LIVE_EVENTS_OPTIONS');

export const STANDARD_LIVE_EVENTS: LiveEventsOptions = {
  keepAliveMs: 15_000,
  checkEveryMs: 60_000,
  pollEveryMs: 5_000,
  pendingMs: 100,
  stalledMs: 30_000,
  streamsPerCaller: 10,
  streams: 200,
  retentionDays: 3,
};
