import { Injectable } from '@nestjs/common';
import { type AifaceConnection } from './aiface-connection.js';

/** The terminals that are connected to this process, by serial number: each has one connection. */
@Injectable()
export class AifaceSessions {
  private readonly connections = new Map<string, AifaceConnection>();

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
    return former === connection ? undefined : former;
  }

  /** Forgets a connection, unless the terminal has another one by now. True: the terminal is gone. */
  remove(connection: AifaceConnection): boolean {
    const { serialNumber } = connection;
    if (serialNumber === undefined || this.connections.get(serialNumber) !== connection) return false;
    return this.connections.delete(serialNumber);
  }
}
