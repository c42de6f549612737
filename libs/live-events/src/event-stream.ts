import type { Response } from 'express';
import { type Bookmark, type EventFilter, formatBookmark, type LiveEvent, matches } from './live-event.js';
import { type LiveEventFeed } from './live-event.feed.js';
import { type LiveEventsOptions } from './live-events.options.js';

/** What a browser waits before it comes back after a lost connection. */
const RECONNECT_MS = 3_000;

/** A reader took nothing for too long. */
export class StalledReaderError extends Error {
  constructor(stalledMs: number) {
    super(`The reader has taken nothing for ${stalledMs / 1_000} s`);
  }
}

/**
 * One reader's stream of server-sent events. It pulls: nothing is read for a reader who has not taken what is there, so
 * that a slow one costs one page of memory, and none is told of an event before its predecessor was taken.
 */
export class EventStream {
  private position: Bookmark;
  /** The position that the reader knows. */
  private told?: Bookmark;

  constructor(
    private readonly response: Response,
    private readonly feed: LiveEventFeed,
    private readonly filter: EventFilter,
    private readonly options: LiveEventsOptions,
    private readonly onReset: () => void,
  ) {}

  /**
   * Tells events until the signal fires, from behind `from`; null: that was no position of ours. Undefined: from now on.
   * @throws {StalledReaderError} and whatever the database says
   */
  async run(from: Bookmark | null | undefined, signal: AbortSignal): Promise<void> {
    this.begin();
    this.position = from ?? this.feed.now();
    if (from === null) await this.reset();
    else if (from === undefined) await this.tell('ready', {}, `retry: ${RECONNECT_MS}\n`);
    while (!signal.aborted) {
      const read = await this.feed.read(this.position);
      if (signal.aborted) return;
      if (read === 'lost') await this.reset();
      else if (read.events.length > 0) await this.show(read.events);
      else if (!(await this.feed.changed(this.position, this.options.keepAliveMs, signal)))
        await this.keepAlive(signal);
    }
  }

  private begin(): void {
    this.response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-accel-buffering': 'no', // else a proxy keeps events back until it has a page of them
    });
    this.response.flushHeaders();
  }

  /** The reader has missed something, or may have: it is to read anew what it shows, and is told what comes from now on. */
  private async reset(): Promise<void> {
    this.onReset();
    this.position = this.feed.now();
    await this.tell('reset', { reason: 'events since your last one are not kept any more: read anew what you show' });
  }

  private async show(events: readonly LiveEvent[]): Promise<void> {
    const { epoch } = this.position;
    const wanted = events.filter((event) => matches(this.filter, event));
    const place = events.at(-1)?.place ?? this.position.place;
    const last = wanted.at(-1);
    this.position = { epoch, place };
    if (!last) return;
    this.told = { epoch, place: last.place };
    await this.write(wanted.map((event) => frame(event.type, viewOf(event), { epoch, place: event.place })).join(''));
  }

  /** Moves the reader's position too, so that it never goes back over what it did not want. No event is made of that. */
  private async keepAlive(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const moved = this.told?.place !== this.position.place;
    this.told = this.position;
    await this.write(moved ? `id: ${formatBookmark(this.position)}\n: still here\n\n` : ': still here\n\n');
  }

  private async tell(event: string, data: object, prefix = ''): Promise<void> {
    this.told = this.position;
    await this.write(prefix + frame(event, data, this.position));
  }

  private async write(text: string): Promise<void> {
    if (this.response.write(text) || this.response.destroyed) return;
    const { stalledMs } = this.options;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.response.off('drain', end).off('close', end);
        resolve();
      };
      const timer = setTimeout(() => reject(new StalledReaderError(stalledMs)), stalledMs);
      this.response.on('drain', end).on('close', end);
    });
  }
}

function viewOf({ event, deviceId, happenedAt, data }: LiveEvent): object {
  return { event, device_id: deviceId, happened_at: happenedAt.toISOString(), ...data };
}

function frame(type: string, data: object, bookmark: Bookmark): string {
  return `id: ${formatBookmark(bookmark)}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
