/** Reads all users with an npm client, in a process of its own, a few times; reports how many, and the least CPU time. */
import { load } from './support.mjs';

const [peer, port, rounds] = process.argv.slice(2);
process.stdout.write = () => true;
let count = 0;
let cpuMs = Number.POSITIVE_INFINITY;
for (let round = 0; round < Number(rounds); round += 1) {
  const before = process.cpuUsage();
  const client = await connect();
  const { data } = await client.getUsers();
  const { user, system } = process.cpuUsage(before);
  count = data.length;
  cpuMs = Math.min(cpuMs, (user + system) / 1000);
}
process.send({ count, cpuMs }, () => process.exit(0));

async function connect() {
  if (peer === 'zkteco-js') {
    const Zkteco = load('zkteco-js');
    const zkteco = new Zkteco('127.0.0.1', Number(port), 60_000, 5200);
    await zkteco.createSocket();
    return zkteco;
  }
  const Tcp = load('node-zklib/zklibtcp.js');
  const zklib = new Tcp('127.0.0.1', Number(port), 60_000);
  await zklib.createSocket();
  await zklib.connect();
  return zklib;
}
