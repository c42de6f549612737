import { PeopleRoster } from '@app/people';
import { Injectable, Logger } from '@nestjs/common';
import { Breather } from './breather.js';
import { RosterIndex } from './roster-index.js';
import { RosterTooLargeError } from './suggestions.errors.js';

/** About 700 bytes each: what a process that does other things as well can spare. */
export const MOST_PEOPLE = 250_000;

/** Keeps the index of the active people in memory for as long as they stay the same. */
@Injectable()
export class RosterCache {
  private readonly logger = new Logger(RosterCache.name);
  private kept?: { readonly mark: string; readonly readAfter: number; readonly index: RosterIndex };
  private building?: Promise<void>;

  constructor(private readonly roster: PeopleRoster) {}

  /**
   * The index of the people as they are now, or as they were at some time since this was called. There is never more than
   * one being made: whoever asks meanwhile waits for it, and then for at most one more.
   * @throws {RosterTooLargeError} there are more people than memory is kept for
   */
  async current(): Promise<RosterIndex> {
    const askedAt = performance.now();
    const mark = await this.roster.changeMark();
    for (;;) {
      if (this.kept && (this.kept.mark === mark || this.kept.readAfter >= askedAt)) return this.kept.index;
      if (this.building) {
        // Whoever began it hears of its failure; who waited tries for himself.
        await this.building.catch(() => undefined);
        continue;
      }
      this.building = this.build(mark);
      try {
        await this.building;
      } finally {
        this.building = undefined;
      }
    }
  }

  private async build(mark: string): Promise<void> {
    const readAfter = performance.now();
    // The old one goes first, so that there are never two.
    this.kept = undefined;
    const index = new RosterIndex();
    const breather = new Breather();
    for await (const people of this.roster.activePeople()) {
      if (index.size + people.length > MOST_PEOPLE) throw new RosterTooLargeError(MOST_PEOPLE);
      for (const person of people) {
        index.add(person);
        await breather.breathe();
      }
    }
    // Read batch by batch: if somebody changed meanwhile, a later request finds another mark and reads again.
    this.kept = { mark, readAfter, index };
    const durationMs = Math.round(performance.now() - readAfter);
    this.logger.log({ msg: 'the people were indexed for suggestions', people: index.size, duration_ms: durationMs });
  }
}
