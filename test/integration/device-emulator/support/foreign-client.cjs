/**
 * Drives an unmodified npm client against a terminal, one call on one connection, and prints what it got as JSON.
 * Arguments: library, transport, port, call. In a process and folder of its own, since both libraries write log files,
 * print to standard output and can end the process.
 */
const { createRequire } = require('node:module');
const load = createRequire(process.argv[6]);
const [library, transport, port, call] = process.argv.slice(2);
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;

async function main() {
  const client = await connect();
  const result = await CALLS[library][call](client);
  print(JSON.stringify(result));
  process.exit(0);
}

async function connect() {
  if (library === 'zkteco-js') {
    const Zkteco = load('zkteco-js');
    const client = new Zkteco('127.0.0.1', Number(port), 5000, 5200);
    await client.createSocket();
    return client;
  }
  const Transport = load(transport === 'tcp' ? 'node-zklib/zklibtcp.js' : 'node-zklib/zklibudp.js');
  const client = new Transport('127.0.0.1', Number(port), 5000, 0);
  await client.createSocket();
  await client.connect();
  return client;
}

const CALLS = {
  'node-zklib': {
    users: (client) => client.getUsers(),
    punches: (client) => client.getAttendances(),
    info: (client) => client.getInfo(),
    time: async (client) => (await client.executeCmd(201, '')).subarray(8).readUInt32LE(0),
  },
  'zkteco-js': {
    users: (client) => client.getUsers(),
    punches: (client) => client.getAttendances(),
    info: (client) => client.getInfo(),
    time: (client) => client.getTime(),
  },
};

main().catch((error) => {
  print(JSON.stringify({ failure: String(error?.err ?? error) }));
  process.exit(1);
});
