import { library } from './support.mjs';

/** The emulated terminals of a benchmark, all in one process of their own, so that what they cost is not the server's. */
const { port, serialNumbers, usersEach, punchGapMs } = JSON.parse(process.argv[2]);
/** So many dial at once: the server takes in only so many strangers from one address, and all of these have one. */
const DIALLING_AT_ONCE = 16;
const { AifaceTerminal, inventAifaceUsers } = await library('device-emulator');
const terminals = [];
const acknowledgements = [];
let punching;

/** Those who waited for the server process must not stay when it has gone. */
process.on('disconnect', () => process.exit());
process.on('message', async (order) => {
  if (order === 'punch') punching = setInterval(punchNext, punchGapMs);
  else process.send({ acknowledgedMs: await stopPunching() });
});
await connectAll();
process.send('connected');

async function connectAll() {
  const waiting = [...serialNumbers];
  const connectOnes = async () => {
    for (let serialNumber = waiting.shift(); serialNumber; serialNumber = waiting.shift()) {
      const users = inventAifaceUsers({ count: usersEach, seed: terminals.length + 1 });
      const terminal = AifaceTerminal.start({ server: `ws://127.0.0.1:${port}`, serialNumber, users });
      terminals.push(terminal);
      await terminal.until(() => terminal.isRegistered);
    }
  };
  await Promise.all(Array.from({ length: DIALLING_AT_ONCE }, connectOnes));
}

/** At one terminal after the other; the next round is another user's, so that no two punches are the same. */
function punchNext() {
  const turn = acknowledgements.length;
  const terminal = terminals[turn % terminals.length];
  const users = terminal.users();
  const startedAt = performance.now();
  terminal.punch(users[Math.floor(turn / terminals.length) % users.length]);
  const entry = terminal.state.log.at(-1);
  acknowledgements.push(terminal.until(() => entry.taken).then(() => performance.now() - startedAt));
}

/** How long the server took to acknowledge each punch; waits until it has acknowledged all. */
async function stopPunching() {
  clearInterval(punching);
  return Promise.all(acknowledgements);
}
