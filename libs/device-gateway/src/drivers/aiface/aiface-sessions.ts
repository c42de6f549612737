import { type Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DeviceError } from '../../device.errors.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type AifaceConnection } from './aiface-connection.js';
import { type AifaceSession } from './user-list.js';

/** The terminals that are connected to this process, by serial number: each has one connection. */
@Injectable()
export class AifaceSessions {
  private readonly connections = new Map<string, AifaceConnection>();
  private readonly awaited = new Set<(serialNumber: string, connection: AifaceConnection) => void>();

  /** The connection of a terminal that has registered and is still there; undefined: it is not connected here. */
  find(serialNumber: string): AifaceConnection | undefined {
    return this.connections.get(serialNumber);
  }

  /** Every connection, in the order of registration. */
  all(): AifaceConnection[] {
    return [...this.connections.values()];
  }

  /** From now on a terminal is reached through this connection; gives the one that it had until now. */
  replace(serialNumber: string, connection: AifaceConnection): AifaceConnection | undefined {
    const former = this.connections.get(serialNumber);
    this.connections.set(serialNumber, connection);
    if (former === connection) return undefined;
    for (const tell of this.awaited) tell(serialNumber, connection);
    return former;
  }

  /**
   * The next connection on which a terminal registers, once its registration has been answered.
   * @throws {DeviceError} `device/not-connected`: it did not dial within so long; `device/aborted`
   */
  async next(serialNumber: string, patienceMs: number, signal?: AbortSignal): Promise<AifaceConnection> {
    let done = (): void => undefined;
    try {
      const connection = await new Promise<AifaceConnection>((resolve, reject) => {
        const tell = (dialled: string, connection: AifaceConnection): void => {
          if (dialled === serialNumber) resolve(connection);
        };
        const onAbort = (): void =>
          reject(new DeviceError('device/aborted', 'The work at the terminal was stopped', { cause: signal?.reason }));
        const timer = setTimeout(() => reject(notConnected(serialNumber)), patienceMs);
        done = () => {
          clearTimeout(timer);
          signal?.removeEventListener('abort', onAbort);
          this.awaited.delete(tell);
        };
        this.awaited.add(tell);
        signal?.addEventListener('abort', onAbort, { once: true });
        if (signal?.aborted) onAbort();
      });
      await connection.settled();
      return connection;
    } finally {
      done();
    }
  }

  /** Forgets a connection, unless the terminal has another one by now. True: the terminal is gone. */
  remove(connection: AifaceConnection): boolean {
    const { serialNumber } = connection;
    if (serialNumber === undefined || this.connections.get(serialNumber) !== connection) return false;
    return this.connections.delete(serialNumber);
  }
}

/** A session on the connection that a terminal holds. @throws {DeviceError} `device/not-connected` */
export function sessionWith(
  sessions: AifaceSessions,
  serialNumber: string,
  how: { readonly timeouts: GatewayTimeouts; readonly clock: Clock; readonly signal?: AbortSignal },
): AifaceSession {
  const connection = sessions.find(serialNumber);
  if (connection) return { connection, ...how };
  throw notConnected(serialNumber);
}

function notConnected(serialNumber: string): DeviceError {
  return new DeviceError(
    'device/not-connected',
    `The terminal ${serialNumber} dials in, and is not connected to this process; see its server settings ` +
      '(docs/devices.md), and ask the server that it is connected to',
    { stage: 'connect' },
  );
}
