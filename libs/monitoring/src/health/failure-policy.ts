import { DeviceError, type DeviceErrorCode } from '@app/device-gateway';
import { type AppError } from '@app/kernel';

/** How long a terminal that failed too often is left alone (requirements, 8). */
export const PAUSE_MS = 10 * 60_000;

/** `incomplete`: it answered, and did not prove what it said. `replaced`: another terminal answered in its place. */
export type TerminalFailure = 'incomplete' | 'unreachable' | 'replaced';

/** What comes from us and not from the terminal. */
const OURS: ReadonlySet<DeviceErrorCode> = new Set([
  'device/aborted',
  'device/bad-address',
  'device/address-not-allowed',
  'device/command-not-allowed',
]);

/** What a failure says of its terminal; undefined: nothing. */
export function failureOf(error: AppError): TerminalFailure | undefined {
  if (!(error instanceof DeviceError) || OURS.has(error.code)) return undefined;
  if (error.code === 'device/serial-mismatch') return 'replaced';
  return error.code === 'device/incomplete-read' ? 'incomplete' : 'unreachable';
}
