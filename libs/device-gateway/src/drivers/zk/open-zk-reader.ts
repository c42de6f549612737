import { DeviceError, type ProbeStageName } from '../../device.errors.js';
import { type CheckedTarget } from '../../device-networks.js';
import { type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { ReadOnlyChannel } from './read-only-channel.js';
import { TcpTransport } from './tcp-transport.js';
import { UdpTransport } from './udp-transport.js';
import { type ZkChannel } from './zk-channel.js';
import { ZkEvents } from './zk-events.js';
import { openSession, readIdentity } from './zk-session.js';
import { ZkReader } from './zk-reader.js';
import { type ZkTransport } from './zk-transport.js';

/** Until when to open a session, and who is told how far that is. */
export interface OpenZkOptions {
  readonly signal?: AbortSignal;
  readonly onStage?: (stage: ProbeStageName) => void;
}

/** Opens a read session with our own driver. @throws {DeviceError} with the stage at which it failed */
export async function openZkReader(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkReader> {
  return openZk(target, timeouts, options, {
    channel: ReadOnlyChannel,
    use: (channel, identity) => new ZkReader(identity, target, channel, timeouts),
  });
}

/** Opens a session that listens. @throws {DeviceError} with the stage at which it failed */
export async function openZkEvents(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
): Promise<ZkEvents> {
  return openZk(target, timeouts, options, {
    channel: ReadOnlyChannel,
    use: (channel) => ZkEvents.register(channel, timeouts),
  });
}

/**
 * Connects, authenticates, and finds out who answers, through a channel of the kind that the session is to have.
 * @throws {DeviceError} with the stage at which it failed
 */
export async function openZk<C extends ZkChannel, T>(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: OpenZkOptions,
  kind: {
    readonly channel: new (transport: ZkTransport, timeouts: GatewayTimeouts, signal?: AbortSignal) => C;
    readonly use: (channel: C, identity: DeviceIdentity) => T | Promise<T>;
  },
): Promise<T> {
  let stage: ProbeStageName = 'connect';
  const onStage = (next: ProbeStageName): void => {
    stage = next;
    options.onStage?.(next);
  };
  let channel: C | undefined;
  try {
    onStage('connect');
    channel = new kind.channel(await openTransport(target, timeouts, options.signal), timeouts, options.signal);
    await openSession(channel, target.commKey, onStage);
    return await kind.use(channel, await readIdentity(channel, target));
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
