import { DeviceError, type ProbeStageName } from '../../device.errors.js';
import { type DeviceTarget } from '../../device-target.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { ReadOnlyChannel } from './read-only-channel.js';
import { TcpTransport } from './tcp-transport.js';
import { UdpTransport } from './udp-transport.js';
import { openSession, readIdentity } from './zk-session.js';
import { ZkReader } from './zk-reader.js';
import { type ZkTransport } from './zk-transport.js';

/** Opens a session with our own driver. @throws {DeviceError} with the stage at which it failed */
export async function openZkReader(
  target: DeviceTarget,
  timeouts: GatewayTimeouts,
  options: { readonly signal?: AbortSignal; readonly onStage: (stage: ProbeStageName) => void },
): Promise<ZkReader> {
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
    const identity = await readIdentity(channel, target);
    return new ZkReader(identity, target, channel, timeouts);
  } catch (error) {
    channel?.destroy();
    throw error instanceof DeviceError ? error.at(stage) : error;
  }
}

function openTransport(
  { transport, host, port }: DeviceTarget,
  { connectMs }: GatewayTimeouts,
  signal: AbortSignal | undefined,
): Promise<ZkTransport> {
  return transport === 'tcp' ? TcpTransport.open(host, port, connectMs, signal) : UdpTransport.open(host, port);
}
