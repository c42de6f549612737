import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { describe, expect, it } from '@jest/globals';
import { ZkTerminal } from '@app/device-emulator';
import { decodePacket, decodeUserSet, TcpPacketDecoder, type ZkPacket } from '@app/zk-protocol';

interface Exchange {
  readonly id: string;
  readonly transport: 'tcp' | 'udp';
  readonly comm_key: number;
  readonly session: number;
  readonly user_record_width?: 28 | 72;
  readonly steps: readonly { from: 'client' | 'device'; tcp?: string; udp?: string }[];
}
const { exchanges } = JSON.parse(readFileSync('test/fixtures/zk/vectors.json', 'utf8')) as { exchanges: Exchange[] };
const FREE_SIZES = 50;

describe('the recorded conversations', () => {
  it.each(exchanges.map((exchange) => [exchange.id, exchange] as const))(
    '%s is answered byte for byte',
    async (_, exchange) => {
      await using terminal = await terminalOf(exchange);
      const expected = exchange.steps.filter(({ from }) => from === 'device').map(bytesOf);
      const requests = exchange.steps.filter(({ from }) => from === 'client').map(bytesOf);
      const received = await converse(exchange, terminal, requests, expected.length);
      received.forEach((bytes, i) => {
        const [got, wanted] = [packetOf(exchange, bytes), packetOf(exchange, expected[i])];
        // The recorded capacities are those of another model; everything else is the same to the bit.
        if (i > 0 && isCounters(exchange, requests, wanted))
          expect(got.data.readUInt32LE(16)).toBe(wanted.data.readUInt32LE(16));
        else expect(bytes.toString('hex')).toBe(expected[i].toString('hex'));
      });
    },
  );
});

async function terminalOf({
  steps,
  transport,
  comm_key,
  session,
  user_record_width: width,
  id,
}: Exchange): Promise<ZkTerminal> {
  const packets = steps.filter(({ from }) => from === 'device').map((step) => packetOf({ transport }, bytesOf(step)));
  const set = Buffer.concat(packets.filter(({ command }) => command === 1501).map(({ data }) => data));
  const prepare = packets.find(({ command }) => command === 1500);
  const packetBytes = prepare && width ? prepare.data.readUInt32LE(4) : undefined;
  const terminal = await ZkTerminal.start({
    commKey: comm_key,
    sessionId: session,
    recordWidth: width ?? 72,
    packetBytes,
  });
  if (width) for (const { raw } of decodeUserSet(set, width)) terminal.state.putRecord(raw);
  else
    terminal.enrol({
      slot: 13,
      userId: '9001',
      name: Buffer.alloc(0),
      privilege: 0,
      password: '',
      card: 0,
      group: 1,
      ownZones: false,
      zones: [0, 0, 0],
    });
  if (id === 'tcp-get-template-88')
    terminal.state.putTemplate({ slot: 13, finger: 6, flag: 1, template: set.subarray(0, -1) });
  return terminal;
}

/** Sends each request when the answer before it is whole, as a client would. */
async function converse(
  exchange: Exchange,
  terminal: ZkTerminal,
  requests: readonly Buffer[],
  count: number,
): Promise<Buffer[]> {
  const received: Buffer[] = [];
  const answersPer = answersPerRequest(exchange);
  let sent = 0;
  let due = 0;
  return new Promise((resolve, reject) => {
    const next = (): void => {
      due += answersPer[sent];
      send(requests[sent]);
      sent += 1;
    };
    const take = (bytes: Buffer): void => {
      received.push(bytes);
      if (received.length === count) {
        close();
        resolve(received);
      } else if (received.length === due) next();
    };
    const { send, close } =
      exchange.transport === 'tcp' ? overTcp(terminal, take, reject) : overUdp(terminal, take, reject);
    next();
  });
}

function overTcp(
  terminal: ZkTerminal,
  take: (bytes: Buffer) => void,
  fail: (error: Error) => void,
): { send(bytes: Buffer): void; close(): void } {
  const socket = connect(terminal.port, terminal.host);
  const pending: Buffer[] = [];
  let stream = Buffer.alloc(0);
  socket.on('error', fail);
  socket.on('connect', () => pending.forEach((bytes) => socket.write(bytes)));
  socket.on('data', (chunk) => {
    stream = Buffer.concat([stream, chunk]);
    while (stream.length >= 8 && stream.length >= 8 + stream.readUInt32LE(4)) {
      const end = 8 + stream.readUInt32LE(4);
      const packet = stream.subarray(0, end);
      stream = stream.subarray(end);
      take(packet);
    }
  });
  return {
    send: (bytes) => (socket.connecting ? pending.push(bytes) : socket.write(bytes)),
    close: () => socket.destroy(),
  };
}

function overUdp(
  terminal: ZkTerminal,
  take: (bytes: Buffer) => void,
  fail: (error: Error) => void,
): { send(bytes: Buffer): void; close(): void } {
  const socket = createSocket('udp4');
  socket.on('error', fail);
  socket.on('message', take);
  void once(socket, 'close');
  return { send: (bytes) => socket.send(bytes, terminal.port, terminal.host), close: () => socket.close() };
}

function answersPerRequest({ steps }: Exchange): number[] {
  const counts: number[] = [];
  for (const { from } of steps) {
    if (from === 'client') counts.push(0);
    else counts[counts.length - 1] += 1;
  }
  return counts;
}

function bytesOf(step: { tcp?: string; udp?: string }): Buffer {
  return Buffer.from(step.tcp ?? step.udp ?? '', 'hex');
}

function packetOf({ transport }: Pick<Exchange, 'transport'>, bytes: Buffer): ZkPacket {
  return transport === 'tcp' ? new TcpPacketDecoder().push(bytes)[0] : decodePacket(bytes);
}

function isCounters(exchange: Exchange, requests: readonly Buffer[], answer: ZkPacket): boolean {
  return requests.some((bytes) => {
    const request = packetOf(exchange, bytes);
    return request.command === FREE_SIZES && request.reply === answer.reply;
  });
}
