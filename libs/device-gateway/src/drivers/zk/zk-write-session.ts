import { type Slot } from '@app/kernel';
import {
  Command,
  encodeOptionRequest,
  type FreeSizes,
  Reply,
  type TemplateRecord,
  TemplateSetDecoder,
  type ZkPacket,
  type ZkWrite,
} from '@app/zk-protocol';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { mostTemplateBytes, TemplateProof } from '../../prove-templates.js';
import { wellFormed } from './bulk-read.js';
import { type WriteChannel } from './write-channel.js';
import { optionOf, readFreeSizes } from './zk-session.js';
import { TEMPLATES, ZkSets } from './zk-sets.js';
import { readProvenUsers, type ZkUserRead } from './zk-user-read.js';

/** An open session with a ZK terminal that can also write: what it is armed with, in that order, each once. */
export class ZkWriteSession {
  private readonly sets: ZkSets;

  constructor(
    readonly identity: DeviceIdentity,
    private readonly target: AddressTarget,
    private readonly channel: WriteChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {
    this.sets = new ZkSets(channel, timeouts);
  }

  /** Every user with its record, proven as a reader does. @throws {IncompleteReadError} @throws {DeviceError} */
  async readUsers(): Promise<ZkUserRead> {
    this.channel.limitTo(this.timeouts.overallMs);
    return readProvenUsers(this.sets, this.identity.serialNumber, this.target);
  }

  /**
   * The templates of some slots, out of a read of the whole set that is proven by the terminal's own counter. The whole
   * set, since it alone tells the flag of each and can be compared with a counter; a single one (88) has an extra byte of
   * which firmware makes different things. It goes by piece after piece, so that a set of any size takes little memory.
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  async readTemplatesOf(slots: ReadonlySet<Slot>): Promise<ReadonlyMap<Slot, readonly TemplateRecord[]>> {
    this.channel.limitTo(this.timeouts.overallMs);
    const { templates: counterBefore } = await readFreeSizes(this.channel);
    const decoder = new TemplateSetDecoder();
    const proof = new TemplateProof();
    const { announcedBytes } = await this.sets.stream(TEMPLATES, {
      fromByte: 0,
      mostBytes: mostTemplateBytes(counterBefore),
      onSize: () => undefined,
      onBytes: async (bytes) => {
        for (const record of wellFormed(() => [...decoder.push(bytes)])) proof.take(record, slots.has(record.slot));
        return true;
      },
    });
    if (announcedBytes > 0) wellFormed(() => decoder.end());
    const { templates: counterAfter } = await readFreeSizes(this.channel);
    return proof.of({ counterBefore, counterAfter });
  }

  /** The terminal's counters as they are now. @throws {DeviceError} */
  async readCounters(): Promise<FreeSizes> {
    this.channel.limitTo(this.timeouts.overallMs);
    return readFreeSizes(this.channel);
  }

  /** With which fingerprints are made (`10`); null: the terminal does not tell. @throws {DeviceError} */
  async readFingerprintAlgorithm(): Promise<string | null> {
    this.channel.limitTo(this.timeouts.overallMs);
    return optionOf(await this.channel.request(Command.OPTIONS_READ, encodeOptionRequest('~ZKFPVersion'))) ?? null;
  }

  /** As WriteChannel.arm. @throws {DeviceError} `device/command-not-allowed` */
  arm(writes: readonly ZkWrite[]): Disposable {
    this.channel.limitTo(this.timeouts.overallMs);
    return this.channel.arm(writes);
  }

  /**
   * Sends a write that is armed.
   * @returns what waits for its answer; by then it has left
   * @throws {DeviceError} it has not left
   */
  send({ command, data }: ZkWrite): { answer(): Promise<ZkPacket> } {
    const answer = this.channel.begin(command, data);
    return { answer: () => answer.next() };
  }

  /** Lets people use the terminal again. False: it did not say that it does. */
  async enable(): Promise<boolean> {
    try {
      return (await this.channel.request(Command.ENABLE_DEVICE)).command === Reply.OK;
    } catch {
      return false; // it enables itself after the time that it was told
    }
  }

  /** Says goodbye and lets go of the socket; never throws. */
  async close(): Promise<void> {
    this.channel.limitTo(this.timeouts.closeMs);
    await this.channel.request(Command.EXIT).catch(() => undefined);
    this.channel.destroy();
  }
}
