import { DeviceError } from '@app/device-gateway';
import { AppError, type Clock, type DeviceUserId, RetrySchedule } from '@app/kernel';
import { LeaseLostError } from '@app/sync-coordinator';
import { OutcomeUnknownError } from './device-writer.errors.js';
import { type DeviceWriter } from './device-writer.js';
import { type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';

/** How often a read is tried again, in a new session each time. */
const READ_RETRIES = new RetrySchedule(2, 1_000);

/** How to open a session with one terminal; `signal` ends it. */
export type OpenWriter = (signal: AbortSignal) => Promise<DeviceWriter>;

/**
 * A terminal for as long as one lease lasts: its session is opened when it is needed, and anew after anything went wrong
 * in it, since nobody knows what such a session would answer next.
 */
export class WriterSession implements AsyncDisposable {
  private open?: { readonly writer: DeviceWriter; readonly ending: AbortController };

  constructor(
    private readonly openWriter: OpenWriter,
    private readonly clock: Clock,
    /** Ends everything: the lease is over. */
    private readonly signal: AbortSignal,
  ) {}

  /** One piece of work in the session, once. @throws whatever `work` throws, after the session was closed */
  async use<T>(work: (writer: DeviceWriter) => Promise<T>): Promise<T> {
    const { writer } = await this.current();
    try {
      return await work(writer);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** The user as it is now; undefined: proven to be absent. @throws {DeviceError} it could not be read with proof */
  async readUser(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined> {
    return this.use((writer) => writer.readUser(id, depth));
  }

  /** As readUser, and insists. @throws {DeviceError} it could not be read with proof in any of three sessions */
  async readBack(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined> {
    return this.insist((writer) => writer.readUser(id, depth));
  }

  /** Work that only reads, tried again in a new session. @throws whatever `read` throws in the last of three sessions */
  async insist<T>(read: (writer: DeviceWriter) => Promise<T>): Promise<T> {
    for (let retry = 1; ; retry += 1) {
      try {
        return await this.use(read);
      } catch (error) {
        if (retry > READ_RETRIES.retries || this.signal.aborted || !isPassing(error)) throw error;
        await this.clock.sleep(READ_RETRIES.delayMs(retry), this.signal);
      }
    }
  }

  /**
   * Sends a write, once.
   * @param untilMs when it must have been answered, in `clock.monotonicMs()`
   * @throws {LeaseLostError} it was too late to send it
   * @throws {OutcomeUnknownError} it was not answered in time; and as the methods of DeviceWriter
   */
  async send(
    untilMs: number,
    lease: { key: string; token: string },
    work: (writer: DeviceWriter) => Promise<void>,
  ): Promise<void> {
    const { writer, ending } = await this.current();
    const leftMs = untilMs - this.clock.monotonicMs();
    // A process that was frozen since it asked the database learns it here.
    if (leftMs <= 0 || this.signal.aborted) throw new LeaseLostError(lease.key, lease.token);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        const message = `The terminal did not come to the end of a write within ${Math.round(leftMs)} ms`;
        reject(new OutcomeUnknownError(message));
        ending.abort(new Error(message));
      }, leftMs);
    });
    try {
      await Promise.race([work(writer), late]);
    } catch (error) {
      await this.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  private async current(): Promise<NonNullable<WriterSession['open']>> {
    if (this.open) return this.open;
    const ending = new AbortController();
    const writer = await this.openWriter(AbortSignal.any([this.signal, ending.signal]));
    this.open = { writer, ending };
    return this.open;
  }

  private async close(): Promise<void> {
    const { open } = this;
    this.open = undefined;
    await open?.writer.close();
  }
}

/** What may be better in a new session. */
function isPassing(error: unknown): boolean {
  return error instanceof DeviceError || !(error instanceof AppError);
}
