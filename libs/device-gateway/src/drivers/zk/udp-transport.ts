import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { decodePacket, encodePacket, ZkFormatError, type ZkPacket } from '@app/zk-protocol';
import { DeviceError } from '../../device.errors.js';
import { connectFailure } from './tcp-transport.js';
import { type TransportEvents, type ZkTransport } from './zk-transport.js';

/**
 * One packet a datagram. A damaged datagram is dropped like a lost one; only the count of bytes and the packet index
 * tell what is missing.
 */
export class UdpTransport implements ZkTransport {
  readonly isDatagram = true;
  private events?: TransportEvents;
  private destroyed = false;

  private constructor(private readonly socket: Socket) {
    socket.on('message', (datagram) => this.receive(datagram));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'ECONNREFUSED' ? 'nothing answers on this UDP port' : (error.code ?? error.message);
      this.fail(new DeviceError('device/unreachable', `The terminal cannot be reached: ${why}`, { cause: error }));
    });
  }

  /** @param address never a name @throws {DeviceError} `device/unreachable` */
  static async open(address: string, port: number): Promise<UdpTransport> {
    const socket = createSocket(isIPv6(address) ? 'udp6' : 'udp4');
    await new Promise<void>((resolve, reject) => {
      socket.once('error', (error: NodeJS.ErrnoException) => {
        socket.close();
        reject(connectFailure(address, port, error));
      });
      socket.connect(port, address, () => {
        socket.removeAllListeners('error');
        resolve();
      });
    });
    return new UdpTransport(socket);
  }

  listen(events: TransportEvents): void {
    this.events = events;
  }

  send(packet: ZkPacket): void {
    if (!this.destroyed) this.socket.send(encodePacket(packet));
  }

  destroy(): void {
    if (this.destroyed) return;
    this.destroyed = true;
    this.socket.close();
  }

  private receive(datagram: Buffer): void {
    if (this.destroyed) return;
    try {
      this.events?.onPacket(decodePacket(datagram));
    } catch (error) {
      if (!(error instanceof ZkFormatError)) throw error;
    }
  }

  private fail(error: DeviceError): void {
    if (this.destroyed) return;
    this.destroy();
    this.events?.onFailure(error);
  }
}
