import { Command, encodePunchEvent, EventBit, Reply, type ZkPacket } from '@app/zk-protocol';
import { type AnswerEffect } from './faults.js';

/** How an answer leaves the terminal: some packets, altered, then perhaps the end of the connection. */
export interface Outgoing {
  readonly packets: readonly OutgoingPacket[];
  readonly segments?: 'one' | 'every-byte';
  readonly pauseMs?: number;
  /** What happens after the packets. */
  readonly afterwards?: 'drop' | 'close';
  /** Held back until the next request. */
  readonly late?: boolean;
}

/** A packet, and what is done to its bytes once it is encoded. */
export interface OutgoingPacket {
  readonly packet: ZkPacket;
  readonly bytes?: (encoded: Buffer) => Buffer;
}

/** Turns an honest answer into what the effect makes of it. */
export function applyEffect(
  effect: AnswerEffect | undefined,
  answer: readonly ZkPacket[],
  request: ZkPacket,
  sessionId: number,
): Outgoing {
  const packets = answer.map((packet): OutgoingPacket => ({ packet }));
  if (!effect) return { packets };
  switch (effect.kind) {
    case 'silence':
      return { packets: [] };
    case 'drop':
    case 'close':
      return { packets: [], afterwards: effect.kind };
    case 'drop-midway':
      return { packets: packets.slice(0, Math.ceil(packets.length / 2)), afterwards: 'drop' };
    case 'lose':
      return { packets: effect.packet === 'first' ? packets.slice(1) : packets.slice(0, -1) };
    case 'duplicate':
      return {
        packets: effect.packet === 'first' ? [...packets.slice(0, 1), ...packets] : [...packets, ...packets.slice(-1)],
      };
    case 'damage':
      return { packets: onFirst(packets, (bytes) => flipBit(bytes, Math.floor(bytes.length / 2))) };
    case 'wrong-checksum':
      // The checksum is the second word of the header, which is the end of a packet without data less six bytes.
      return { packets: onFirst(packets, (bytes) => flipBit(bytes, bytes.length - packets[0].packet.data.length - 6)) };
    case 'cut':
      return {
        packets: onFirst(packets, (bytes) => bytes.subarray(0, effect.afterBytes)).slice(0, 1),
        afterwards: 'close',
      };
    case 'cut-silence':
      return { packets: onFirst(packets, (bytes) => bytes.subarray(0, effect.afterBytes)).slice(0, 1) };
    case 'wrong-reply-number':
      return { packets: answer.map((packet) => ({ packet: { ...packet, reply: (packet.reply + 1) % 65_535 } })) };
    case 'reverse':
      return { packets: packets.toReversed() };
    case 'early-ack':
      return {
        packets: [{ packet: { command: Reply.OK, session: sessionId, reply: request.reply, data: Buffer.alloc(0) } }],
      };
    case 'extra-data':
      return { packets: onLastData(packets, (data) => Buffer.concat([data, Buffer.alloc(8)])) };
    case 'short-data':
      return { packets: onLastData(packets, (data) => data.subarray(0, -1)) };
    case 'refuse':
      return applyEffect({ kind: 'code', code: effect.code }, answer, request, sessionId);
    case 'unheeded':
      return effect.answer === 'ok'
        ? applyEffect({ kind: 'early-ack' }, answer, request, sessionId)
        : applyEffect({ kind: effect.answer }, answer, request, sessionId);
    case 'code': {
      const data = Buffer.alloc(effect.withData ? 16 : 0);
      return { packets: [{ packet: { command: effect.code, session: sessionId, reply: request.reply, data } }] };
    }
    case 'event-first':
      return { packets: [{ packet: punchEvent() }, ...packets] };
    case 'coalesce':
      return { packets, segments: 'one' };
    case 'every-byte':
      return { packets, segments: 'every-byte' };
    case 'slow-bytes':
      return { packets, segments: 'every-byte', pauseMs: effect.pauseMs };
    case 'junk':
      return {
        packets: onFirst(packets, (bytes) => Buffer.concat([Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), bytes])),
      };
    case 'absurd-length':
      return { packets: onFirst(packets, withAbsurdLength) };
    case 'late':
      return { packets, late: true };
  }
}

function onFirst(packets: readonly OutgoingPacket[], bytes: (encoded: Buffer) => Buffer): OutgoingPacket[] {
  return packets.map((outgoing, i) => (i === 0 ? { ...outgoing, bytes } : outgoing));
}

function onLastData(packets: readonly OutgoingPacket[], change: (data: Buffer) => Buffer): OutgoingPacket[] {
  const last = packets.findLastIndex(({ packet }) => packet.data.length > 0);
  return packets.map((outgoing, i) =>
    i === last ? { packet: { ...outgoing.packet, data: change(outgoing.packet.data) } } : outgoing,
  );
}

function flipBit(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[at] ^= 0x10;
  return damaged;
}

/** Of a TCP packet the length field; of a datagram some other four bytes, which its checksum then betrays. */
function withAbsurdLength(bytes: Buffer): Buffer {
  const absurd = Buffer.from(bytes);
  absurd.writeUInt32LE(0x7fff_ffff, 4);
  return absurd;
}

function punchEvent(): ZkPacket {
  const time = { year: 2026, month: 1, day: 31, hour: 9, minute: 45, second: 0 };
  const data = encodePunchEvent({ userId: '1001', verify: 1, state: 0, time });
  return { command: Command.REG_EVENT, session: EventBit.PUNCH, reply: 0, data };
}
