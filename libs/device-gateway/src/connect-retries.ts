import { type Clock, RetrySchedule } from '@app/kernel';
import { DeviceError } from './device.errors.js';

const FIRST_DELAY_MS = 1_000;

/** Opens a session; a connection that does not come about is tried again after a growing delay. @throws what `open` throws */
export async function withConnectRetries<T>(
  clock: Clock,
  { attempts, signal }: { readonly attempts: number; readonly signal?: AbortSignal },
  open: () => Promise<T>,
): Promise<T> {
  const retries = new RetrySchedule(attempts - 1, FIRST_DELAY_MS);
  for (let retry = 1; ; retry += 1) {
    try {
      return await open();
    } catch (error) {
      if (retry > retries.retries || !isConnectionError(error)) throw error;
      await clock.sleep(retries.delayMs(retry), signal);
    }
  }
}

/** What may be better in a moment: a terminal that serves another client, or is just starting. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof DeviceError) || (error.stage !== 'connect' && error.stage !== 'handshake')) return false;
  return ['device/unreachable', 'device/connection-lost', 'device/timeout'].includes(error.code);
}
