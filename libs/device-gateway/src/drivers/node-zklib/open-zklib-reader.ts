import { DeviceError, type ProbeStageName } from '../../device.errors.js';
import { type CheckedTarget } from '../../device-networks.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { ZklibReader } from './zklib-reader.js';

/** Opens a session through npm node-zklib. @throws {DeviceError} with the stage at which it failed */
export async function openZklibReader(
  target: CheckedTarget,
  timeouts: GatewayTimeouts,
  options: { readonly signal?: AbortSignal; readonly onStage: (stage: ProbeStageName) => void },
): Promise<ZklibReader> {
  if (target.commKey !== 0) {
    throw new DeviceError(
      'device/unauthorised',
      'npm node-zklib knows no comm key; use the driver "zk" for this terminal',
      {
        stage: 'authenticate',
      },
    );
  }
  options.onStage('connect');
  const reader = new ZklibReader(target, timeouts, options.signal);
  try {
    await reader.introduce();
    options.onStage('handshake');
    return reader;
  } catch (error) {
    await reader.close();
    throw error instanceof DeviceError ? error.at('handshake') : error;
  }
}
