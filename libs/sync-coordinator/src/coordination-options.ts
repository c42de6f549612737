import { RetrySchedule } from '@app/kernel';

/** How long a lease lasts and how patiently it is asked for (requirements 7.3, 7.5). */
export interface CoordinationOptions {
  readonly ttlMs: number;
  readonly retries: RetrySchedule;
}

export const COORDINATION_OPTIONS = Symbol('COORDINATION_OPTIONS');

/** Five minutes; one attempt and three more after 2, 4 and 8 seconds, ± 25 %. */
export const STANDARD_COORDINATION: CoordinationOptions = { ttlMs: 5 * 60_000, retries: new RetrySchedule(3, 2_000) };
