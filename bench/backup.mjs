import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { inventPeople } from './backup-people.mjs';
import { BareTerminal } from './bare-terminal.mjs';
import { startDatabase } from './database.mjs';
import { ms, printTable, quickest, root, times } from './support.mjs';

const USERS = Number(process.env.BENCH_USERS ?? 50_000);
/** Data bytes of a packet, as captures of real terminals show them. */
const PACKET_BYTES = 1008;
const ROUNDS = 3;
/** So many are written by bare commands; each costs the same. */
const BARE_WRITES = Math.min(USERS, 2_000);
const MIB = 1024 * 1024;

/**
 * A terminal full of people with two fingers each is backed up, wiped and restored, and the backup is tried out. Terminal,
 * PostgreSQL and each of the three have processes of their own. What they are compared with is the same bytes over a bare
 * socket, `age` alone, and the bare commands of writing a user.
 */
export async function run() {
  const database = await startDatabase();
  const terminal = await startTerminal();
  const { port } = terminal;
  const bare = await BareTerminal.open(port, PACKET_BYTES);
  const setBytes = await bare.takeSets();
  const rawMs = await quickest(ROUNDS, () => bare.takeSets());

  const made = await work({ task: 'backup', port, database });
  const file = join(database.folder, 'backups', made.filename);
  const age = await ageTimes(file, made.recipients);
  printBackup({ made, setBytes, rawMs, age });

  await terminal.wipe();
  const bareMs = await timeBareWrites(bare);
  await terminal.wipe();
  const restored = await work({ task: 'restore', port, database, filename: made.filename });
  requireAllBack(restored, await terminal.snapshot(), terminal.full);
  printRestore(restored, bareMs);
  bare.close();
  terminal.stop();

  const drilled = await work({ task: 'drill', port, database, filename: made.filename });
  if (!drilled.good) throw new Error(`the drill found differences: ${drilled.differences.join('; ')}`);
  printDrill(drilled);
  await database.close();
}

async function startTerminal() {
  const options = { users: USERS, packetBytes: PACKET_BYTES };
  const child = fork(join(root, 'bench', 'backup-terminal.mjs'), [JSON.stringify(options)]);
  const [{ port, snapshot: full }] = await once(child, 'message');
  const ask = async (wanted) => {
    child.send(wanted);
    const [{ snapshot }] = await once(child, 'message');
    return snapshot;
  };
  return { port, full, wipe: () => ask('wipe'), snapshot: () => ask('snapshot'), stop: () => child.kill('SIGKILL') };
}

/** Gives what the process of a piece of work tells, once it has ended. */
async function work(task) {
  const child = fork(join(root, 'bench', 'backup-worker.mjs'), [JSON.stringify(task)]);
  let told;
  child.on('message', (message) => (told = message));
  const [code] = await once(child, 'exit');
  if (code !== 0 || told === undefined) throw new Error(`the process of the ${task.task} ended with ${code}`);
  return told;
}

/** Milliseconds to encrypt as many bytes to the same recipients: by the library that we use, and by the program of Debian. */
async function ageTimes(file, recipients) {
  const { Encrypter } = await import('age-encryption');
  const library = await quickest(ROUNDS, async () => {
    const encrypter = new Encrypter();
    for (const { recipient } of recipients) encrypter.addRecipient(recipient);
    const closed = await encrypter.encrypt(Readable.toWeb(createReadStream(file)));
    for await (const _bytes of closed) continue;
  });
  const program = await quickest(ROUNDS, () =>
    runAge([...recipients.flatMap(({ recipient }) => ['-r', recipient]), file]),
  ).catch(() => Number.NaN);
  return { library, program };
}

async function runAge(args) {
  const child = spawn('age', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`age ended with ${code}`);
}

async function timeBareWrites(bare) {
  const people = (await inventPeople(USERS)).slice(0, BARE_WRITES);
  const startedAt = performance.now();
  for (const person of people) await bare.write(person);
  return (performance.now() - startedAt) / people.length;
}

/** A quick restore of something else would be no figure. */
function requireAllBack({ done }, snapshot, full) {
  if (done !== USERS || snapshot !== full) throw new Error(`${done} of ${USERS} users were restored; now ${snapshot}`);
}

function printBackup({ made, setBytes, rawMs, age }) {
  const took = total(made);
  printTable(
    `Backup of ${USERS} users with 2 templates each (goal: memory ≤ 64 MiB above idle)`,
    [
      'sets',
      'file',
      'took',
      'copy',
      'file, read again',
      'bare socket',
      'bare ÷ ours',
      'age-encryption',
      'its ÷ ours',
      'age of Debian',
      'its ÷ ours',
      ...MEMORY,
    ],
    [
      [
        mib(setBytes),
        mib(made.bytes),
        ms(took),
        ms(took - made.stages.writing),
        ms(made.stages.writing),
        ms(rawMs),
        times(rawMs / took),
        ms(age.library),
        times(age.library / took),
        ms(age.program),
        times(age.program / took),
        ...memory(made),
      ],
    ],
  );
}

function printRestore(restored, bareMs) {
  const { writing } = restored.stages;
  const took = total(restored);
  printTable(
    `Restore of ${USERS} users to an empty terminal (goal: memory ≤ 64 MiB above idle)`,
    [
      'took',
      'plan and safety backup',
      'writing',
      'users a second',
      'per user',
      'bare commands',
      'ours ÷ bare',
      ...MEMORY,
    ],
    [
      [
        ms(took),
        ms(took - writing),
        ms(writing),
        ((USERS / writing) * 1_000).toFixed(0),
        ms(writing / USERS),
        ms(bareMs),
        times(writing / USERS / bareMs),
        ...memory(restored),
      ],
    ],
  );
}

function printDrill(drilled) {
  const { restoring, comparing } = drilled.stages;
  printTable(
    'Drill of the same backup; its emulated terminal is in the same process and holds all of it, so that its memory counts',
    ['took', 'writing and copy', 'comparing', 'users a second', ...MEMORY],
    [
      [
        ms(total(drilled)),
        ms(restoring),
        ms(comparing),
        ((USERS / total(drilled)) * 1_000).toFixed(0),
        ...memory(drilled),
      ],
    ],
  );
}

const MEMORY = ['idle', 'peak', 'above idle'];
const memory = ({ idle, peak }) => [idle, peak, peak - idle].map(mib);
const mib = (bytes) => `${(bytes / MIB).toFixed(bytes < 10 * MIB ? 1 : 0)} MiB`;
const total = ({ stages }) => Object.values(stages).reduce((sum, took) => sum + took, 0);
