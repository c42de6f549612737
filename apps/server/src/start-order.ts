import { setTimeout as delay } from 'node:timers/promises';
import { Injectable, Logger } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';

/**
 * Jobs that compare, heal, copy or write, and so presuppose that somebody has looked: they wait until the terminals have
 * been read once (requirements, section 8). What only reads, tells or tidies up begins at once.
 */
const AFTER_FIRST_ROUND = ['user-poll', 'guard', 'backup', 'backup.drill', 'restores', 'erasures.remove'] as const;

/** A terminal that does not answer must not keep the others from being watched. */
const LONGEST_FIRST_ROUND_MS = 120_000;

/** The order of a start: schema, reading services, the first round over all terminals, then monitoring and backups. */
@Injectable()
export class StartOrder {
  private readonly logger = new Logger(StartOrder.name);

  constructor(private readonly schedules: SchedulerRegistry) {}

  /** To be called as soon as there are schedules. */
  holdBack(): void {
    for (const name of AFTER_FIRST_ROUND) void this.schedules.getCronJob(name).stop();
  }

  /** Lets them begin when the first round has ended, well or badly, or has taken too long. Not at all once `signal` fired. */
  async releaseAfter(firstRound: Promise<void>, signal: AbortSignal): Promise<void> {
    const round = new AbortController();
    const tooLong = delay(LONGEST_FIRST_ROUND_MS, undefined, { signal: AbortSignal.any([signal, round.signal]) });
    await Promise.race([firstRound, tooLong]).catch(() => undefined); // a failed round is told by whoever began it
    round.abort();
    if (signal.aborted) return;
    for (const name of AFTER_FIRST_ROUND) this.schedules.getCronJob(name).start();
    this.logger.log({ msg: 'the terminals were read once: monitoring and backups begin' });
  }
}
