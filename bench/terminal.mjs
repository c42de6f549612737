import { library } from './support.mjs';

/** The emulated terminal of a benchmark, in a process of its own. */
const { users: count, ...options } = JSON.parse(process.argv[2]);
const { inventUsers, ZkTerminal } = await library('device-emulator');
const users = inventUsers({ count, seed: 1 });
const terminal = await ZkTerminal.start({ users, connections: 'many', packetBytes: 65_472, ...options });
process.send({ port: terminal.port });
