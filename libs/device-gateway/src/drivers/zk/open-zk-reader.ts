import { DeviceError, type ProbeStageName } from '../../device.errors.js';
import { type CheckedTarget } from '../../device-networks.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { ReadOnlyChannel } from './read-only-channel.js';
import { TcpTransport } from './tcp-transport.js';
import { UdpTransport } from './udp-transport.js';
import { ZkEvents } from './zk-events.js';
import { openSession, readIdentity } from './zk-session.js';
import { ZkReader } from './zk-reader.js';
import { type ZkTransport } from './zk-transport.js';

interface OpenZkOptions {
  readonly signal?: AbortSignal;
  readonly onStage: (stage: ProbeStageName) => void;
}

/** Opens a read session with our own driver. @throws {DeviceError} with the stage at which it failed */
export async function openZkReader(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkReader> {
  return openZk(target, timeouts, options, (channel, identity) => new ZkReader(identity, target, channel, timeouts));
}

/** Opens a session that listens. @throws {DeviceError} with the stage at which it failed */
export async function openZkEvents(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkEvents> {
  return openZk(target, timeouts, options, (channel) => ZkEvents.register(channel, timeouts));
}

async function openZk<T>(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
  use: (channel: ReadOnlyChannel, identity: DeviceIdentity) => T | Promise<T>,
): Promise<T> {
  let stage: ProbeStageName = 'connect';
  const onStage = (next: ProbeStageName): void => {
    stage = next;
    options.onStage(next);
  };
  let channel: ReadOnlyChannel | undefined;
  try {
    onStage('connect');
    channel = new ReadOnlyChannel(await openTransport(target, timeouts, options.signal), timeouts, options.signal);
    await openSession(channel, target.commKey, onStage);
    return await use(channel, await readIdentity(channel, target));
  } catch (error) {
    channel?.destroy();
    throw error instanceof DeviceError ? error.at(stage) : error;
  }
}

function openTransport(
  { transport, host, port }: CheckedTarget,
  { connectMs }: GatewayTimeouts,
  signal: AbortSignal | undefined,
): Promise<ZkTransport> {
  return transport === 'tcp' ? TcpTransport.open(host, port, connectMs, signal) : UdpTransport.open(host, port);
}
