import { type CheckedTarget } from '../../device-networks.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { openZk, type OpenZkOptions } from './open-zk-reader.js';
import { WriteChannel } from './write-channel.js';
import { ZkWriteSession } from './zk-write-session.js';

/**
 * Opens a session that can write, once the terminal has shown that it is the one that is meant.
 * @throws {DeviceError} with the stage at which it failed
 */
export async function openZkWriteSession(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkWriteSession> {
  return openZk(target, timeouts, options, {
    channel: WriteChannel,
    use: (channel, identity) => new ZkWriteSession(identity, target, channel, timeouts),
  });
}
