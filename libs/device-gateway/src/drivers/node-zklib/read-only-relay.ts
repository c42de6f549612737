import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { type AddressInfo } from 'node:net';
import { once } from 'node:events';
import {
  commandName,
  decodePacket,
  encodePacket,
  encodeTcpPacket,
  isReadOrSessionCommand,
  Reply,
  TcpPacketDecoder,
  ZkFormatError,
  type ZkPacket,
} from '@app/zk-protocol';
import { DeviceError } from '../../device.errors.js';
import { type CheckedTarget } from '../../device-networks.js';
import { connectFailure } from '../zk/tcp-transport.js';

/**
 * Stands between a foreign driver and the terminal: the driver is told an address on loopback, and only what the
 * allow-list names is passed on. It also looks at what the terminal says, for the checks that the driver leaves out:
 * checksums, and whether the connection was granted at all.
 */
export class ReadOnlyRelay {
  /** The first thing that went wrong; tells more than the driver's own words. */
  failure?: DeviceError;
  private readonly closers: (() => void)[] = [];

  private constructor(private readonly target: CheckedTarget) {}

  /** The port on loopback that the driver is to use. */
  port = 0;

  static async open(target: CheckedTarget): Promise<ReadOnlyRelay> {
    const relay = new ReadOnlyRelay(target);
    relay.port = await (target.transport === 'tcp' ? relay.openTcp() : relay.openUdp());
    return relay;
  }

  /** Ends every connection; safe to repeat. */
  close(): void {
    for (let close = this.closers.pop(); close; close = this.closers.pop()) close();
  }

  private async openTcp(): Promise<number> {
    const server: Server = createServer((client) => this.relayStream(client));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    this.closers.push(() => server.close());
    return (server.address() as AddressInfo).port;
  }

  private relayStream(client: Socket): void {
    const { host, port } = this.target;
    const terminal = connect({ host, port, noDelay: true });
    client.setNoDelay(true);
    const end = (error?: DeviceError): void => {
      this.failure ??= error;
      client.destroy();
      terminal.destroy();
    };
    this.closers.push(end);
    const fromClient = new TcpPacketDecoder();
    const fromTerminal = new TcpPacketDecoder();
    const gate = new Gate();
    terminal.on('error', (error: NodeJS.ErrnoException) => end(connectFailure(host, port, error)));
    client.on('error', () => end());
    terminal.on('close', () => end());
    client.on('close', () => end());
    client.on('data', (chunk) => {
      checked(end, () => {
        for (const packet of fromClient.push(chunk)) {
          gate.requireAllowed(packet);
          terminal.write(encodeTcpPacket(packet));
        }
      });
    });
    terminal.on('data', (chunk) => {
      checked(end, () => {
        for (const packet of fromTerminal.push(chunk)) gate.look(packet);
        client.write(chunk);
      });
    });
  }

  private async openUdp(): Promise<number> {
    const near = createSocket('udp4');
    const far = createSocket(isIPv6(this.target.host) ? 'udp6' : 'udp4');
    near.bind(0, '127.0.0.1');
    await once(near, 'listening');
    const gate = new Gate();
    let driverPort: number | undefined;
    const end = (error?: DeviceError): void => {
      this.failure ??= error;
      closeQuietly(near);
      closeQuietly(far);
    };
    this.closers.push(() => end());
    const { host, port } = this.target;
    far.on('error', (error: NodeJS.ErrnoException) => end(connectFailure(host, port, error)));
    near.on('error', () => end());
    near.on('message', (datagram, from) => {
      if (from.port !== driverPort) gate.beginConnection(); // a new connection per call is a new port
      driverPort = from.port;
      checked(end, () => {
        const packet = decodePacket(datagram);
        gate.requireAllowed(packet);
        far.send(encodePacket(packet), port, host);
      });
    });
    far.on('message', (datagram) => {
      checked(end, () => {
        gate.look(decodePacket(datagram));
        if (driverPort !== undefined) near.send(datagram, driverPort, '127.0.0.1');
      });
    });
    return near.address().port;
  }
}

/** What may pass on one connection. */
class Gate {
  private answers = 0;

  beginConnection(): void {
    this.answers = 0;
  }

  requireAllowed({ command, data }: ZkPacket): void {
    if (isReadOrSessionCommand(command, data)) return;
    throw new DeviceError('device/command-not-allowed', `A read session may not send ${commandName(command)}`, {
      details: { command },
    });
  }

  /** The driver takes any answer to CONNECT for a yes. */
  look({ command }: ZkPacket): void {
    this.answers += 1;
    if (this.answers > 1 || command === Reply.OK) return;
    if (command === Reply.UNAUTHORISED) {
      throw new DeviceError(
        'device/unauthorised',
        'The terminal wants a comm key, which npm node-zklib does not know; use the driver "zk"',
        {
          stage: 'authenticate',
        },
      );
    }
    const closed = command === Reply.CLOSED_PROTOCOL;
    throw new DeviceError(
      closed ? 'device/closed-protocol' : 'device/refused',
      `The terminal answered the connection with ${command}${closed ? ': it wants the vendor’s closed protocol' : ''}`,
      { stage: 'handshake' },
    );
  }
}

function checked(end: (error: DeviceError) => void, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof DeviceError) end(error);
    else if (error instanceof ZkFormatError)
      end(new DeviceError('device/protocol-violation', error.message, { cause: error }));
    else throw error;
  }
}

function closeQuietly(socket: DatagramSocket): void {
  try {
    socket.close();
  } catch {
    // It was closed already, which is all that is wanted.
  }
}
