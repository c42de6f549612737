import { BackgroundWork } from '@app/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Bell } from './bell.js';
import { type Bookmark, comparePlaces, type EventPlace, type LiveEvent } from './live-event.js';
import { LiveEventRepository, PAGE } from './live-event.repository.js';
import { LIVE_EVENTS_OPTIONS, type LiveEventsOptions } from './live-events.options.js';
import { WakeUp } from './wake-up.js';

/** Events that are kept in memory, so that readers who are up to date cost the database nothing. */
const RECENT = 1_000;

/** Events after a place; `lost`: some after it are not kept any more, or the place is of another numbering. */
export type Read = { readonly events: readonly LiveEvent[] } | 'lost';

/**
 * Follows the events of all servers while anybody reads them, one look for all readers of this process. Nobody reads:
 * it costs no connection and no query.
 */
@Injectable()
export class LiveEventFeed {
  private readonly logger = new Logger(LiveEventFeed.name);
  private readonly news = new Bell();
  private readonly looks = new Bell();
  private readers = 0;
  private following?: { readonly work: BackgroundWork; readonly wakeUp: WakeUp; readonly ready: Promise<void> };
  private head: Bookmark = { epoch: '', place: { xid: 0n, id: 0n } };
  private recent: LiveEvent[] = [];
  /** Before the first of the recent ones: from here on, memory knows all. */
  private recentFrom: EventPlace = { xid: 0n, id: 0n };

  constructor(
    private readonly dataSource: DataSource,
    private readonly events: LiveEventRepository,
    @Inject(LIVE_EVENTS_OPTIONS) private readonly options: LiveEventsOptions,
  ) {}

  /** Counts a reader in; to be called before anything is read. Rejects when the database cannot be asked. */
  async join(): Promise<void> {
    this.readers += 1;
    try {
      this.following ??= this.follow();
      await this.following.ready;
    } catch (error) {
      await this.leave();
      throw error;
    }
  }

  /** Counts a reader out; the last one ends the following. */
  async leave(): Promise<void> {
    this.readers -= 1;
    if (this.readers > 0 || !this.following) return;
    const { work, wakeUp } = this.following;
    this.following = undefined;
    await Promise.all([work.stop(), wakeUp.close()]);
  }

  /** Where whoever wants only what comes is to begin. */
  now(): Bookmark {
    return this.head;
  }

  /** The next events after a place: from memory where it has them, else a page from the database. */
  async read({ epoch, place }: Bookmark): Promise<Read> {
    if (epoch === this.head.epoch && comparePlaces(place, this.recentFrom) >= 0) {
      return { events: this.recent.filter((event) => comparePlaces(event.place, place) > 0) };
    }
    const look = await this.events.after(place);
    if (look.epoch !== this.head.epoch) this.looks.ring(); // transactions were numbered anew, and memory has not heard of it
    if (look.epoch !== epoch || comparePlaces(place, look.floor) < 0) return 'lost';
    return look;
  }

  /** Waits until there may be more after a place; false: there was nothing for so long. */
  async changed({ epoch, place }: Bookmark, timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (epoch !== this.head.epoch || comparePlaces(place, this.head.place) < 0) return true;
    return this.news.heard(timeoutMs, signal);
  }

  private follow(): NonNullable<LiveEventFeed['following']> {
    const { url, applicationName = 'holdfast' } = this.dataSource.options as { url?: string; applicationName?: string };
    if (url === undefined) throw new Error('The database is not given as a URL, so that nothing can listen to it');
    const work = new BackgroundWork();
    const wakeUp = new WakeUp(url, applicationName, () => this.looks.ring());
    const ready = this.begin();
    ready.then(
      () => {
        void wakeUp.open();
        void work.round((stopping) => this.tail(stopping));
      },
      () => undefined, // told to whoever joins
    );
    return { work, wakeUp, ready };
  }

  private async begin(): Promise<void> {
    this.restart(await this.events.head());
  }

  private restart(head: Bookmark): void {
    this.head = head;
    this.recent = [];
    this.recentFrom = head.place;
  }

  private async tail(stopping: AbortSignal): Promise<void> {
    let failing = false;
    while (!stopping.aborted) {
      let waitMs = this.options.pollEveryMs;
      try {
        waitMs = await this.look(stopping);
        failing = false;
      } catch (error) {
        if (!failing) this.logger.warn({ msg: 'live events cannot be read now; trying again', err: error });
        failing = true;
      }
      if (waitMs > 0) await this.looks.heard(waitMs, stopping);
    }
  }

  /** Takes in what is new, and says when to look again. */
  private async look(stopping: AbortSignal): Promise<number> {
    const { epoch, events, pending } = await this.events.after(this.head.place);
    const head = epoch === this.head.epoch ? undefined : await this.events.head();
    if (stopping.aborted) return 0; // who joined since follows anew, from another head
    if (head) {
      this.restart(head);
      this.news.ring();
      return 0;
    }
    const last = events.at(-1);
    if (last) {
      this.recent.push(...events);
      for (const dropped of this.recent.splice(0, this.recent.length - RECENT)) this.recentFrom = dropped.place;
      this.head = { epoch, place: last.place };
      this.news.ring();
    }
    if (events.length === PAGE) return 0;
    return pending ? this.options.pendingMs : this.options.pollEveryMs;
  }
}
