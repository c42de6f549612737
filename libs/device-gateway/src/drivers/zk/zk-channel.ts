import { Command, nextReplyNumber, Reply, type ZkPacket } from '@app/zk-protocol';
import { DeviceError } from '../../device.errors.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { afterSilence } from '../../silence-timer.js';
import { type ZkTransport } from './zk-transport.js';

const RETRANSMISSIONS = 3;
const NO_DATA = Buffer.alloc(0);

/** The packets that answer one request, in the order of their arrival. */
export interface Answer {
  /** The next packet. @throws {DeviceError} none came in time, or the session broke */
  next(): Promise<ZkPacket>;
}

/** Whether a request that got no answer may be sent again: `repeatable` ones change nothing. */
export type Admitted = 'repeatable' | 'once';

/**
 * The socket end of a session. Each kind of session has its own allow-list: what `admit` does not let through never leaves. One
 * request is outstanding; answers are matched by reply number and nothing else; what answers an older request is
 * dropped; events are taken out. After the first failure the transport is gone and every call throws that failure.
 */
export abstract class ZkChannel {
  /** Packets that answered no request of ours; a sign of a slow or confused terminal. */
  staleAnswers = 0;
  /** Takes the events of those who registered; unset: events are dropped. */
  onEvent?: (packet: ZkPacket) => void;
  /** Takes the failure that ends the session, when no request is waiting for it. */
  onFailure?: (error: DeviceError) => void;
  private session = 0;
  private reply = 0;
  private sentAny = false;
  private queue: ZkPacket[] = [];
  private waiter?: { resolve(packet: ZkPacket): void; reject(error: DeviceError): void };
  private failure?: DeviceError;
  private deadline?: NodeJS.Timeout;
  private readonly onAbort = (): void =>
    this.fail(
      new DeviceError('device/aborted', 'The work at the terminal was stopped', { cause: this.signal?.reason }),
    );

  constructor(
    private readonly transport: ZkTransport,
    private readonly timeouts: GatewayTimeouts,
    private readonly signal?: AbortSignal,
  ) {
    transport.listen({ onPacket: (packet) => this.receive(packet), onFailure: (error) => this.fail(error) });
    this.limitTo(timeouts.overallMs);
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (signal?.aborted) this.onAbort();
  }

  /** Whether packets can be lost or swapped on the way. */
  get isDatagram(): boolean {
    return this.transport.isDatagram;
  }

  /** The session id of the CONNECT answer goes into every later command. */
  useSession(id: number): void {
    this.session = id;
  }

  /** Sends a request and gives its first packet. @throws {DeviceError} `device/command-not-allowed`, … */
  async request(command: number, data: Buffer = NO_DATA): Promise<ZkPacket> {
    return this.begin(command, data).next();
  }

  /**
   * Sends a request whose answer may have several packets.
   * @throws {DeviceError} `device/command-not-allowed` before a byte leaves
   */
  begin(command: number, data: Buffer = NO_DATA): Answer {
    const admitted = this.admit(command, data);
    if (this.failure) throw this.failure;
    this.reply = this.sentAny ? nextReplyNumber(this.reply) : 0;
    this.sentAny = true;
    this.queue = [];
    const packet = { command, session: this.session, reply: this.reply, data };
    this.transport.send(packet);
    let received = 0;
    return {
      next: async () => {
        const again = received === 0 && admitted === 'repeatable' ? packet : undefined;
        const answer = await this.nextPacket(again, admitted);
        received += 1;
        return answer;
      },
    };
  }

  /** Replaces the overall deadline: from now on, the session may last this long. */
  limitTo(durationMs: number): void {
    clearTimeout(this.deadline);
    if (this.failure) return;
    this.deadline = setTimeout(
      () =>
        this.fail(
          new DeviceError(
            'device/timeout',
            `The session with the terminal took longer than ${Math.round(durationMs)} ms in all`,
          ),
        ),
      durationMs,
    );
  }

  /** Lets go of the socket and all timers; safe to repeat. */
  destroy(): void {
    this.fail(new DeviceError('device/connection-lost', 'The session was closed'));
  }

  /** The allow-list. @throws {DeviceError} `device/command-not-allowed` */
  protected abstract admit(command: number, data: Buffer): Admitted;

  /** On UDP, a read without any answer is sent again under the same number; a write is waited for, and never repeated. */
  private async nextPacket(retransmit: ZkPacket | undefined, admitted: Admitted): Promise<ZkPacket> {
    const { idleMs, datagramMs, writeMs = idleMs } = this.timeouts;
    if (admitted === 'once') return this.waitFor(writeMs, `the terminal was silent for ${writeMs} ms`);
    if (!this.isDatagram) return this.waitFor(idleMs, `the terminal was silent for ${idleMs} ms`);
    for (let tries = 0; retransmit && tries < RETRANSMISSIONS; tries += 1) {
      const packet = await this.waitFor(datagramMs);
      if (packet) return packet;
      this.transport.send(retransmit);
    }
    const attempts = retransmit ? ` after ${RETRANSMISSIONS + 1} requests` : '';
    return this.waitFor(datagramMs, `the terminal was silent for ${datagramMs} ms${attempts}`);
  }

  /** Waits for a packet; when none comes, the session fails with `orFail`, or undefined is given. */
  private async waitFor(durationMs: number, orFail: string): Promise<ZkPacket>;
  private async waitFor(durationMs: number): Promise<ZkPacket | undefined>;
  private async waitFor(durationMs: number, orFail?: string): Promise<ZkPacket | undefined> {
    const waiting = this.queue.shift();
    if (waiting) return waiting;
    if (this.failure) throw this.failure;
    return new Promise((resolve, reject) => {
      const done = (): void => {
        cancel();
        this.waiter = undefined;
      };
      const giveUp = (): void => {
        if (orFail === undefined) {
          done();
          resolve(undefined);
          return;
        }
        const error = new DeviceError('device/timeout', `No answer: ${orFail}`);
        if (!this.isDatagram) {
          this.fail(error); // on a stream, late data would be taken for the next answer
          return;
        }
        done();
        reject(error);
      };
      const cancel = afterSilence(durationMs, giveUp);
      this.waiter = {
        resolve: (packet) => (done(), resolve(packet)),
        reject: (error) => (done(), reject(error)),
      };
    });
  }

  private receive(packet: ZkPacket): void {
    if (packet.command === Command.REG_EVENT) {
      this.takeEvent(packet);
      return;
    }
    if (!this.sentAny || packet.reply !== this.reply) this.staleAnswers += 1;
    else if (this.waiter) this.waiter.resolve(packet);
    else this.queue.push(packet);
  }

  /** Events have no number of their own, and neither has their acknowledgement (zk-protocol 11.2). */
  private takeEvent(packet: ZkPacket): void {
    if (!this.onEvent) return;
    this.transport.send({ command: Reply.OK, session: this.session, reply: 0, data: NO_DATA });
    this.onEvent(packet);
  }

  private fail(error: DeviceError): void {
    if (this.failure) return;
    this.failure = error;
    clearTimeout(this.deadline);
    this.signal?.removeEventListener('abort', this.onAbort);
    this.transport.destroy();
    this.queue = [];
    this.waiter?.reject(error);
    this.onFailure?.(error);
  }
}
