import { createServer, type Server } from 'node:net';
import { type AddressInfo } from 'node:net';
import { AppConfig } from '@app/config';
import { AppError } from '@app/kernel';

/** The API cannot listen where it was told to. */
export class CannotListenError extends AppError {
  readonly code = 'server/cannot-listen';
  readonly kind = 'unavailable';
}

/**
 * Finds out before anything is started whether the port can be had.
 * @throws {CannotListenError} it is taken, or the address is not one of this machine
 */
export async function refuseOccupiedPort({ host, port }: AppConfig): Promise<void> {
  const trial = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      trial.once('error', reject);
      trial.listen(port, host, resolve);
    });
  } catch (error) {
    throw new CannotListenError(sentenceFor((error as NodeJS.ErrnoException).code, host, port), { cause: error });
  } finally {
    await new Promise((resolve) => trial.close(resolve));
  }
}

/** Where a listening server can be reached from this machine. */
export function serverUrl(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo;
  const anywhere = address === '::' || address === '0.0.0.0';
  const host = anywhere ? 'localhost' : family === 'IPv6' ? `[${address}]` : address;
  return `http://${host}:${port}`;
}

function sentenceFor(code: string | undefined, host: string, port: number): string {
  if (code === 'EADDRINUSE') {
    return `Port ${port} on ${host} is in use by another program; stop that one, or choose another with PORT=${port + 1}`;
  }
  if (code === 'EACCES')
    return `Port ${port} needs rights that this account lacks; choose one above 1023 with PORT=3000`;
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return `HOST=${host} is not an address of this machine; use 127.0.0.1, or 0.0.0.0 for every network`;
  }
  return `Cannot listen on ${host}:${port} (${code ?? 'unknown reason'}); choose another HOST or PORT`;
}
