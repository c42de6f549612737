import { isNetwork } from '@app/device-gateway';
import { isTimeZone } from 'class-validator';
import { type Device } from './device.entity.js';
import { BadDeviceNameError, BadNetworkError, LONGEST_NAME, UnknownTimeZoneError } from './devices.errors.js';

/**
 * Checks what people tell of a device, however they tell it: a wrong zone would keep a terminal from ever registering.
 * @throws {BadDeviceNameError} @throws {UnknownTimeZoneError} @throws {BadNetworkError}
 */
export function requireSound({
  name,
  timeZone,
  network,
}: Partial<Pick<Device, 'name' | 'timeZone' | 'network'>>): void {
  if (name !== undefined && (name.trim() === '' || name.trim().length > LONGEST_NAME))
    throw new BadDeviceNameError(name);
  if (typeof timeZone === 'string' && !isTimeZone(timeZone)) throw new UnknownTimeZoneError(timeZone);
  if (typeof network === 'string' && !isNetwork(network)) throw new BadNetworkError(network);
}
