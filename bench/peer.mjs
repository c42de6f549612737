/** Reads all users once with an npm client, in a process of its own, and reports how many and how long. */
import { load } from './support.mjs';

const [peer, port] = process.argv.slice(2);
process.stdout.write = () => true;
const startedAt = performance.now();
const client = await connect();
const { data } = await client.getUsers();
process.send({ count: data.length, ms: performance.now() - startedAt }, () => process.exit(0));

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
