import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { root } from '../scripts/lib/prepare.mjs';
import { library, ms, printTable, quickest, scratchFolder, startTerminal, times } from './support.mjs';

const SIZES = [200, 10_000, 50_000];
const ROUNDS = 5;
/**
 * Both peers take a segment for a packet, so their terminal keeps packets so far apart that even a slow round of
 * theirs has ended. Waiting costs no CPU time, which is therefore what is compared with them.
 */
const PEER_PACE_MS = 6;
/** Data bytes of a packet, as captures of real terminals show them. */
const PACKET_BYTES = 1008;
const CHUNK_BYTES = 65_472;
const PEER_LIMIT_MS = 120_000;

const { encodeTcpPacket } = await library('zk-protocol');

/** Reading all users over TCP from an emulator in another process: ours, two npm clients, and a raw socket. */
export async function run() {
  const { DeviceGateway, STANDARD_TIMEOUTS } = await library('device-gateway');
  const { SystemClock } = await library('kernel');
  const gateway = new DeviceGateway(new SystemClock(), STANDARD_TIMEOUTS);
  const rows = [];
  for (const size of SIZES) {
    const terminal = await startTerminal(size, { packetBytes: PACKET_BYTES });
    const target = {
      driver: 'zk',
      host: '127.0.0.1',
      port: terminal.port,
      transport: 'tcp',
      commKey: 0,
      encoding: 'utf-8',
    };
    let oursCpu = Number.POSITIVE_INFINITY;
    const ours = await quickest(ROUNDS, async () => {
      const before = process.cpuUsage();
      await using(await gateway.openReader(target), (reader) => reader.readUsers(), size);
      const { user, system } = process.cpuUsage(before);
      oursCpu = Math.min(oursCpu, (user + system) / 1000);
    });
    const raw = await quickest(ROUNDS, () => swallow(terminal.port, size * 72 + 4));
    terminal.stop();
    const paced = await startTerminal(size, { packetBytes: PACKET_BYTES, paceMs: PEER_PACE_MS });
    const zklib = await readWithPeer('node-zklib', paced.port, size);
    const zkteco = await readWithPeer('zkteco-js', paced.port, size);
    paced.stop();
    const fastest = Math.min(zklib, zkteco);
    rows.push([
      size,
      ms(ours),
      ms(oursCpu),
      ms(zklib),
      ms(zkteco),
      ms(raw),
      times(fastest / oursCpu),
      times(ours / raw),
      `${((ours / size) * 1000).toFixed(1)} µs`,
    ]);
  }
  printTable(
    `Reading users over TCP (goals: fastest peer ÷ ours ≥ 1 at 200, ≥ 1.5 at 10,000, ≥ 3 at 50,000; ours ÷ raw ≤ 8)`,
    [
      'users',
      'ours',
      'ours, CPU',
      'node-zklib, CPU',
      'zkteco-js, CPU',
      'raw socket',
      'fastest peer ÷ ours, CPU',
      'ours ÷ raw',
      'ours per user',
    ],
    rows,
  );
}

async function using(reader, work, size) {
  const { users } = await work(reader);
  if (users.length !== size) throw new Error(`read ${users.length} of ${size}`);
  await reader.close();
}

/** A whole read by a peer in a process of its own; infinite when it fails, which is a result too. */
async function readWithPeer(peer, port, size) {
  const folder = scratchFolder();
  const child = fork(join(root, 'bench', 'peer.mjs'), [peer, String(port), size > 20_000 ? '1' : '3'], {
    cwd: folder.path,
    silent: true,
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), PEER_LIMIT_MS);
  const result = await Promise.race([
    once(child, 'message').then(([message]) => message),
    once(child, 'exit').then(() => undefined),
  ]);
  clearTimeout(limit);
  child.kill('SIGKILL');
  folder.remove();
  if (result?.count !== size) return Number.POSITIVE_INFINITY;
  return result.cpuMs;
}

/** Sends the same requests and only counts the bytes that come back: the price of the sockets alone. */
function swallow(port, setBytes) {
  const chunk = (offset, size) => Buffer.concat([u32(offset), u32(size)]);
  const requests = [
    [1000, Buffer.alloc(0)],
    [1503, Buffer.from('0109000500000000000000', 'hex')],
  ];
  for (let offset = 0; offset < setBytes; offset += CHUNK_BYTES)
    requests.push([1504, chunk(offset, Math.min(CHUNK_BYTES, setBytes - offset))]);
  const answerBytes = (size) => 24 + Math.ceil(size / PACKET_BYTES) * 16 + size + 16;
  const expected = [16, 29, ...requests.slice(2).map(([, data]) => answerBytes(data.readUInt32LE(4)))];
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let at = 0;
    let due = expected[0];
    let session = 0;
    const send = () => socket.write(packet(requests[at][0], session, at, requests[at][1]));
    socket.on('error', reject);
    socket.on('connect', send);
    socket.on('data', (bytes) => {
      if (at === 0) session = bytes.readUInt16LE(12);
      due -= bytes.length;
      if (due > 0) return;
      at += 1;
      if (at === requests.length) {
        socket.destroy();
        resolve();
        return;
      }
      due += expected[at];
      send();
    });
  });
}

function packet(command, session, reply, data) {
  return encodeTcpPacket({ command, session, reply, data });
}

function u32(value) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
