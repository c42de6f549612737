import { type DeviceUserId, type WallTime } from '@app/kernel';
import { type DeviceError } from './device.errors.js';

/**
 * What a terminal says has just happened. A hint: terminals keep no events for absent clients, so that only a read
 * proves anything.
 */
export type DeviceEvent =
  /** Without the rest when it is told in a form that we do not know. */
  | { readonly kind: 'punch'; readonly deviceUserId?: DeviceUserId; readonly wallTime?: WallTime }
  | { readonly kind: 'enrolment' }
  | { readonly kind: 'other' };

/** Events are hints that more can be read: of many that wait, the oldest can go. */
const MOST_WAITING = 1_000;

/** What has happened and has not been asked for yet; then, for ever, why nothing more happens. */
export class EventQueue {
  private readonly waiting: DeviceEvent[] = [];
  private waiter?: { resolve(event: DeviceEvent): void; reject(error: DeviceError): void };
  private failure?: DeviceError;

  push(event: DeviceEvent): void {
    if (this.waiter) {
      this.waiter.resolve(event);
      this.waiter = undefined;
      return;
    }
    this.waiting.push(event);
    if (this.waiting.length > MOST_WAITING) this.waiting.shift();
  }

  end(error: DeviceError): void {
    this.failure ??= error;
    this.waiter?.reject(this.failure);
    this.waiter = undefined;
  }

  /** @throws {DeviceError} the one that ended it */
  async next(): Promise<DeviceEvent> {
    const event = this.waiting.shift();
    if (event) return event;
    if (this.failure) throw this.failure;
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
    });
  }
}

/** An open session in which a terminal tells what happens. It can ask nothing but whether the terminal is there. */
export abstract class DeviceEvents implements AsyncDisposable {
  /** How many users and punches the terminal counted when the stream began. */
  abstract readonly countedAtStart: { readonly users: number; readonly punches?: number };

  /**
   * The next event.
   * @throws {DeviceError} the stream has ended: the terminal closed it, or did not answer whether it is still there
   */
  abstract next(): Promise<DeviceEvent>;

  abstract close(): Promise<void>;

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
