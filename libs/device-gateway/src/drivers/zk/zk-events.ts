import { canonicalDeviceUserId, isPrintableUserId } from '@app/kernel';
import { Command, decodePunchEvent, EventBit, Reply, ZkFormatError, type ZkPacket } from '@app/zk-protocol';
import { type DeviceEvent, DeviceEvents, EventQueue } from '../../device-events.js';
import { type DeviceError } from '../../device.errors.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { refusal } from './bulk-read.js';
import { type ZkChannel } from './zk-channel.js';
import { readFreeSizes, readTime } from './zk-session.js';

const WANTED = EventBit.PUNCH | EventBit.USER_ENROLLED | EventBit.FINGER_ENROLLED;

/** The events of a ZK terminal. A terminal whose link died says nothing, so it is asked for the time now and then. */
export class ZkEvents extends DeviceEvents {
  private readonly queue = new EventQueue();
  private keepAlive?: NodeJS.Timeout;

  private constructor(
    readonly countedAtStart: DeviceEvents['countedAtStart'],
    private readonly channel: ZkChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {
    super();
  }

  /** Registers for events. @throws {DeviceError} */
  static async register(channel: ZkChannel, timeouts: GatewayTimeouts): Promise<ZkEvents> {
    // From before the request: an event can come with its answer, or with that of the counters.
    const early: ZkPacket[] = [];
    channel.onEvent = (packet) => early.push(packet);
    const mask = Buffer.alloc(4);
    mask.writeUInt32LE(WANTED);
    const answer = await channel.request(Command.REG_EVENT, mask);
    if (answer.command !== Reply.OK) throw refusal(answer, 'the registration for events');
    const { users, punches } = await readFreeSizes(channel); // after registering: nothing falls between
    const events = new ZkEvents({ users, punches }, channel, timeouts);
    for (const packet of early) events.queue.push(eventOf(packet));
    channel.onEvent = (packet) => events.queue.push(eventOf(packet));
    channel.onFailure = (error) => events.end(error);
    events.stayAlive();
    return events;
  }

  async next(): Promise<DeviceEvent> {
    return this.queue.next();
  }

  async close(): Promise<void> {
    clearTimeout(this.keepAlive);
    this.channel.limitTo(this.timeouts.closeMs);
    await this.channel.request(Command.EXIT).catch(() => undefined); // some terminals do not answer it
    this.channel.destroy();
  }

  /** Each question gives the session a new, short life; the one that is not answered ends it. */
  private stayAlive(): void {
    const { keepAliveMs, idleMs } = this.timeouts;
    this.channel.limitTo(keepAliveMs + 2 * idleMs);
    this.keepAlive = setTimeout(() => {
      readTime(this.channel).then(
        () => this.stayAlive(),
        (error: DeviceError) => {
          this.end(error);
          this.channel.destroy();
        },
      );
    }, keepAliveMs);
  }

  private end(error: DeviceError): void {
    clearTimeout(this.keepAlive);
    this.queue.end(error);
  }
}

function eventOf({ session, data }: ZkPacket): DeviceEvent {
  if (session === EventBit.USER_ENROLLED || session === EventBit.FINGER_ENROLLED) return { kind: 'enrolment' };
  if (session !== EventBit.PUNCH) return { kind: 'other' };
  try {
    const { userId, time } = decodePunchEvent(data);
    if (!isPrintableUserId(userId)) return { kind: 'punch' };
    return { kind: 'punch', deviceUserId: canonicalDeviceUserId(userId), wallTime: time };
  } catch (error) {
    if (!(error instanceof ZkFormatError)) throw error;
    return { kind: 'punch' }; // several in one packet, or a firmware that we do not know: a read will tell
  }
}
