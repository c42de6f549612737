import { type ZkPacket } from '@app/zk-protocol';
import { type DeviceError } from '../../device.errors.js';

/** What a transport tells. After `onFailure` nothing more comes. */
export interface TransportEvents {
  onPacket(packet: ZkPacket): void;
  onFailure(error: DeviceError): void;
}

/** Carries whole packets, over TCP or UDP. Two real implementations; below it there are only sockets. */
export interface ZkTransport {
  /** Whether packets can be lost, doubled or swapped on the way. */
  readonly isDatagram: boolean;
  /** From now on, packets and failures go here. What came before is delivered first. */
  listen(events: TransportEvents): void;
  send(packet: ZkPacket): void;
  /** Lets go of the socket at once; safe to repeat. */
  destroy(): void;
}
