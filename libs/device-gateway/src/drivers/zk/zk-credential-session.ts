import { Command, encodeOptionRequest, type FreeSizes } from '@app/zk-protocol';
import { type CheckedTarget } from '../../device-networks.js';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type SetStream, type StreamedSet } from './bulk-read.js';
import { CredentialChannel } from './credential-channel.js';
import { openZk, type OpenZkOptions } from './open-zk-reader.js';
import { optionOf, readFreeSizes } from './zk-session.js';
import { TEMPLATES, ZkSets } from './zk-sets.js';
import { readProvenUsers, type ZkUserRead } from './zk-user-read.js';

/** A session with a ZK terminal that reads everything of everybody, and can do nothing else. */
export class ZkCredentialSession implements AsyncDisposable {
  private readonly sets: ZkSets;

  constructor(
    readonly identity: DeviceIdentity,
    private readonly target: AddressTarget,
    private readonly channel: CredentialChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {
    this.sets = new ZkSets(channel, timeouts);
  }

  /** Every user with its record, proven. @throws {IncompleteReadError} @throws {DeviceError} */
  async readUsers(): Promise<ZkUserRead> {
    this.channel.limitTo(this.timeouts.overallMs);
    return readProvenUsers(this.sets, this.identity.serialNumber, this.target);
  }

  /** @throws {DeviceError} */
  async readCounters(): Promise<FreeSizes> {
    this.channel.limitTo(this.timeouts.overallMs);
    return readFreeSizes(this.channel);
  }

  /** With which fingerprints are made (`10`); null: the terminal does not tell. @throws {DeviceError} */
  async readFingerprintAlgorithm(): Promise<string | null> {
    this.channel.limitTo(this.timeouts.overallMs);
    return optionOf(await this.channel.request(Command.OPTIONS_READ, encodeOptionRequest('~ZKFPVersion'))) ?? null;
  }

  /** The set of all templates, piece by piece; not proven by itself. @throws {IncompleteReadError} @throws {DeviceError} */
  async streamTemplates(stream: SetStream): Promise<StreamedSet> {
    this.channel.limitTo(this.timeouts.overallMs);
    return this.sets.stream(TEMPLATES, stream);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.channel.limitTo(this.timeouts.closeMs);
    await this.channel.request(Command.EXIT).catch(() => undefined);
    this.channel.destroy();
  }
}

/** Opens such a session, once the terminal has shown that it is the one that is meant. @throws {DeviceError} with the stage */
export async function openZkCredentialSession(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkCredentialSession> {
  return openZk(target, timeouts, options, {
    channel: CredentialChannel,
    use: (channel, identity) => new ZkCredentialSession(identity, target, channel, timeouts),
  });
}
