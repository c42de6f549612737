import { type AddressTarget, parseDeviceAddress } from '@app/device-gateway';
import { type TargetOptions } from '../commands/target-options.js';

/** @throws {DeviceError} `device/bad-address` */
export function targetFrom(address: string, options: TargetOptions): AddressTarget {
  const { driver, transport, commKey, encoding } = options;
  return { ...parseDeviceAddress(address), driver, transport, commKey, encoding };
}
