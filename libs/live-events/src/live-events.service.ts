import { Authenticator, type Caller, type Credential } from '@app/auth';
import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import type { Response } from 'express';
import { EventStream, StalledReaderError } from './event-stream.js';
import { type Bookmark, type EventFilter, parseBookmark } from './live-event.js';
import { LiveEventFeed } from './live-event.feed.js';
import { NoMoreStreamsError, TooManyStreamsError } from './live-events.errors.js';
import { LIVE_EVENTS_OPTIONS, type LiveEventsOptions } from './live-events.options.js';

/** Who reads, and what it showed for it. */
export interface Reader {
  readonly caller: Caller;
  readonly credential: Credential;
}

/** Lets callers watch what happens, for as long as they may and the server runs. */
@Injectable()
export class LiveEvents implements BeforeApplicationShutdown {
  /** Since the start of the process. */
  readonly counts = { dropped: 0, resets: 0 };
  private readonly logger = new Logger(LiveEvents.name);
  private readonly background = new BackgroundWork();
  /** Open streams of each caller. */
  private readonly open = new Map<string, number>();
  private stopping = false;

  constructor(
    private readonly feed: LiveEventFeed,
    private readonly authenticator: Authenticator,
    @Inject(LIVE_EVENTS_OPTIONS) private readonly options: LiveEventsOptions,
  ) {}

  get openStreams(): number {
    return [...this.open.values()].reduce((sum, count) => sum + count, 0);
  }

  /**
   * Streams events to a reader; ends when the reader goes, may not read any more, or the server stops.
   * @throws {TooManyStreamsError} @throws {NoMoreStreamsError}
   */
  async stream(
    reader: Reader,
    response: Response,
    request: { readonly filter: EventFilter; readonly lastEventId?: string },
  ): Promise<void> {
    const leave = this.enter(`${reader.caller.by}:${reader.caller.name}`);
    try {
      await this.feed.join();
      try {
        await this.background.run((signal) => this.serve(reader, response, request, signal));
      } finally {
        await this.feed.leave();
      }
    } finally {
      leave();
    }
  }

  /** Ends every stream; no new one begins. */
  async beforeApplicationShutdown(): Promise<void> {
    this.stopping = true;
    await this.background.stop();
  }

  /** Counts a stream in; the answer counts it out. */
  private enter(caller: string): () => void {
    const { streams, streamsPerCaller } = this.options;
    const count = this.open.get(caller) ?? 0;
    if (this.stopping) throw new NoMoreStreamsError('it is stopping');
    if (count >= streamsPerCaller) throw new TooManyStreamsError(streamsPerCaller);
    if (this.openStreams >= streams) throw new NoMoreStreamsError(`${streams} are open, which is the most`);
    this.open.set(caller, count + 1);
    return () => {
      const left = (this.open.get(caller) ?? 1) - 1;
      if (left === 0) this.open.delete(caller);
      else this.open.set(caller, left);
    };
  }

  private async serve(
    reader: Reader,
    response: Response,
    { filter, lastEventId }: { readonly filter: EventFilter; readonly lastEventId?: string },
    stopping: AbortSignal,
  ): Promise<void> {
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    if (response.destroyed) gone.abort(); // it went while it was let in
    const signal = AbortSignal.any([stopping, gone.signal]);
    const check = setInterval(() => void this.checkReader(reader, gone), this.options.checkEveryMs);
    const stream = new EventStream(response, this.feed, filter, this.options, () => (this.counts.resets += 1));
    try {
      await stream.run(bookmarkOf(lastEventId), signal);
      response.end();
    } catch (error) {
      this.drop(reader, response, error);
    } finally {
      clearInterval(check);
    }
  }

  /** Whoever cannot be checked is sent away too, and may come back. */
  private async checkReader({ caller, credential }: Reader, gone: AbortController): Promise<void> {
    try {
      if (await this.authenticator.recognize(credential)) return;
      this.logger.log({ msg: 'a reader of live events may not read any more', caller: caller.actor.name });
    } catch (error) {
      this.logger.warn({ msg: 'a reader of live events could not be checked', caller: caller.actor.name, err: error });
    }
    gone.abort();
  }

  private drop({ caller }: Reader, response: Response, error: unknown): void {
    if (error instanceof StalledReaderError) this.counts.dropped += 1;
    this.logger.warn({
      msg:
        error instanceof StalledReaderError ? 'a slow reader of live events was dropped' : 'a live event stream failed',
      caller: caller.actor.name,
      err: error,
    });
    response.destroy();
  }
}

/** Null: something that is none of ours. */
function bookmarkOf(lastEventId: string | undefined): Bookmark | null | undefined {
  return lastEventId === undefined ? undefined : (parseBookmark(lastEventId) ?? null);
}
