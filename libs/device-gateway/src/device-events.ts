import { type DeviceUserId, type WallTime } from '@app/kernel';

/**
 * What a terminal says has just happened. A hint: terminals keep no events for absent clients, so that only a read
 * proves anything.
 */
export type DeviceEvent =
  /** Without the rest when it is told in a form that we do not know. */
  | { readonly kind: 'punch'; readonly deviceUserId?: DeviceUserId; readonly wallTime?: WallTime }
  | { readonly kind: 'enrolment' }
  | { readonly kind: 'other' };

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
