import { DeviceError, type DeviceErrorCode } from '@app/device-gateway';
import { type AppError } from '@app/kernel';

/** Failures in a row after which administrators are told, and after which the terminal is left alone (requirements, 8). */
export const FAILURES_UNTIL_ALERT = 3;
export const FAILURES_UNTIL_PAUSE = 5;
export const PAUSE_MS = 10 * 60_000;

/** What comes from us and not from the terminal. */
const OURS: ReadonlySet<DeviceErrorCode> = new Set([
  'device/aborted',
  'device/bad-address',
  'device/address-not-allowed',
  'device/command-not-allowed',
]);

/** What a failure says of its terminal; undefined: nothing. `incomplete`: it answered, and did not prove what it said. */
export function failureOf(error: AppError): 'incomplete' | 'unreachable' | 'replaced' | undefined {
  if (!(error instanceof DeviceError) || OURS.has(error.code)) return undefined;
  if (error.code === 'device/serial-mismatch') return 'replaced';
  return error.code === 'device/incomplete-read' ? 'incomplete' : 'unreachable';
}
