import { type Slot } from '@app/kernel';
import { Command, decodeTemplateSet, Reply, type TemplateRecord, type ZkPacket, type ZkWrite } from '@app/zk-protocol';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { proveTemplates } from '../../prove-templates.js';
import { wellFormed } from './bulk-read.js';
import { type WriteChannel } from './write-channel.js';
import { readFreeSizes } from './zk-session.js';
import { recordsOf, TEMPLATES, ZkSets } from './zk-sets.js';
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
   * Every template, proven by the terminal's own counter. The whole set, since it alone tells the flag of each and can be
   * compared with a counter; a single one (88) has an extra byte of which firmware makes different things.
   * @throws {IncompleteReadError} @throws {DeviceError}
   */
  async readTemplates(): Promise<ReadonlyMap<Slot, readonly TemplateRecord[]>> {
    this.channel.limitTo(this.timeouts.overallMs);
    const { templates: counterBefore } = await readFreeSizes(this.channel);
    const set = await this.sets.read(TEMPLATES);
    const { templates: counterAfter } = await readFreeSizes(this.channel);
    await this.sets.requireOrder(set, TEMPLATES);
    const present = recordsOf(set, TEMPLATES).length > 0;
    const records = present ? wellFormed(() => decodeTemplateSet(set.bytes)) : [];
    return proveTemplates({ records, counterBefore, counterAfter });
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
