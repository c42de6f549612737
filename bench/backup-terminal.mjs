import { inventPeople } from './backup-people.mjs';
import { library } from './support.mjs';

/** The emulated terminal with fingerprints, in a process of its own; it can be wiped, and tells what it holds. */
const { users, ...options } = JSON.parse(process.argv[2]);
const { ZkTerminal } = await library('device-emulator');
const people = await inventPeople(users);
const terminal = await ZkTerminal.start({
  connections: 'many',
  users: people.map(({ user }) => user),
  templates: people.flatMap(({ templates }) => templates),
  userCapacity: users + 1_000,
  templateCapacity: 2 * users + 1_000,
  ...options,
});
process.on('disconnect', () => process.exit());
process.on('message', (wanted) => {
  if (wanted === 'wipe') terminal.state.clearUsers();
  // What it was told until now is of no interest, and would be its largest possession.
  terminal.journal.clear();
  process.send({ snapshot: terminal.snapshot() });
});
process.send({ port: terminal.port, snapshot: terminal.snapshot() });
