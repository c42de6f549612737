import { Socket as DatagramSocket } from 'node:dgram';
import { Socket } from 'node:net';

/** Where this process wanted to connect to, or to send a datagram to. */
export interface Attempt {
  readonly host: string;
  readonly port: number;
}

/**
 * Listens at the place that every connection of this process passes, whoever makes it; those of the database's driver and
 * those to the ports given are left out. Must be disposed of.
 */
export function watchConnections(...ownPorts: readonly number[]): Disposable & { readonly attempts: Attempt[] } {
  const attempts: Attempt[] = [];
  const connect = Socket.prototype.connect;
  const join = DatagramSocket.prototype.connect;
  const send = DatagramSocket.prototype.send;
  const note = (host: unknown, port: unknown): void => {
    if (ownPorts.includes(Number(port)) || new Error().stack?.includes('node_modules/pg/')) return;
    attempts.push({ host: String(host), port: Number(port) });
  };
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    const [first] = args.flat() as { host?: string; port?: number; path?: string }[];
    if (typeof first === 'object' && first.path === undefined) note(first.host, first.port);
    return (connect as (...args: unknown[]) => Socket).apply(this, args);
  } as never;
  DatagramSocket.prototype.connect = function (this: DatagramSocket, ...args: unknown[]) {
    note(args[1], args[0]);
    return (join as (...args: unknown[]) => void).apply(this, args);
  } as never;
  DatagramSocket.prototype.send = function (this: DatagramSocket, ...args: unknown[]) {
    if (typeof args[1] === 'number' && typeof args[2] === 'string') note(args[2], args[1]);
    return (send as (...args: unknown[]) => void).apply(this, args);
  } as never;
  return {
    attempts,
    [Symbol.dispose]() {
      Socket.prototype.connect = connect;
      DatagramSocket.prototype.connect = join;
      DatagramSocket.prototype.send = send;
    },
  };
}
