import { type DeviceEvent, DeviceEvents, EventQueue } from '../../device-events.js';
import { DeviceError } from '../../device.errors.js';
import { type AifaceConnection } from './aiface-connection.js';

/** What a terminal hands over while it is connected, as a stream; told once it has been stored. */
export class AifaceEvents extends DeviceEvents {
  private counted: DeviceEvents['countedAtStart'] = { users: 0 };
  private readonly queue = new EventQueue();
  private readonly take = (event: DeviceEvent): void => this.queue.push(event);
  private readonly end = (error: DeviceError): void => this.queue.end(error);
  private readonly onAbort = (): void =>
    this.queue.end(new DeviceError('device/aborted', 'Nobody listens any more', { cause: this.signal?.reason }));

  private constructor(
    private readonly connection: AifaceConnection,
    private readonly signal: AbortSignal | undefined,
  ) {
    super();
    connection.listeners.add(this.take);
    connection.onEnd.add(this.end);
    signal?.addEventListener('abort', this.onAbort, { once: true });
  }

  /** Begins to listen, then counts, so that nothing falls between. @throws whatever `countUsers` throws */
  static async begin(
    connection: AifaceConnection,
    countUsers: () => Promise<number>,
    signal?: AbortSignal,
  ): Promise<AifaceEvents> {
    const events = new AifaceEvents(connection, signal);
    try {
      events.counted = { users: await countUsers() };
      return events;
    } catch (error) {
      await events.close();
      throw error;
    }
  }

  get countedAtStart(): DeviceEvents['countedAtStart'] {
    return this.counted;
  }

  next(): Promise<DeviceEvent> {
    return this.queue.next();
  }

  /** Stops listening; the connection stays, since it is the terminal's. */
  async close(): Promise<void> {
    this.connection.listeners.delete(this.take);
    this.connection.onEnd.delete(this.end);
    this.signal?.removeEventListener('abort', this.onAbort);
  }
}
