import { library } from './support.mjs';

/** The emulated terminals of the benchmark, all in one process of their own, so that what they cost is not the server's. */
const { terminals: count, usersEach } = JSON.parse(process.argv[2]);
const { ZkTerminal, inventUsers } = await library('device-emulator');

process.on('disconnect', () => process.exit());
const users = inventUsers({ count: usersEach, seed: 1 });
const ports = [];
for (let i = 0; i < count; i += 1) {
  const serialNumber = `BENCH${String(i + 1).padStart(5, '0')}`;
  const terminal = await ZkTerminal.start({ users, transports: ['tcp'], serialNumber });
  ports.push(terminal.port);
}
process.send({ ports });
