import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { root } from '../scripts/lib/prepare.mjs';
import { openServices } from './database.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const TERMINALS = 500;
const USERS_EACH = 100;
/** Each terminal is polled, and is punched at, once in this time. */
const POLL_PERIOD_MS = 300_000;
const PUNCH_PERIOD_MS = 60_000;
const WINDOW_MS = 60_000;
/** Of the machine that the goal speaks of; shares of it are told, wherever this runs. */
const CORES = 2;
const AT_ONCE = 8;
const POLL_GAP_MS = POLL_PERIOD_MS / TERMINALS;
const KIB = 1024;
const MIB = 1024 * KIB;

/**
 * 500 terminals connected to one server process: what they cost while nothing happens, what polling each every five
 * minutes costs while punches are handed over, and how many polls there could be. A poll is a whole run: lease, proven
 * read of users and log, storing, audit. The terminals and PostgreSQL have processes of their own on the same machine.
 */
export async function run() {
  const services = await openServices({ env: { AIFACE_PORT: '0' } });
  const { DialInService } = await library('dial-in');
  const dialIn = services.get(DialInService);
  const devices = await registerDevices(services);
  const { port } = await dialIn.listen();
  const poll = await pollerOf(services);

  const empty = memory();
  const terminals = startTerminals(port, devices);
  await terminals.connected;
  await sleep(1_000); // until the registrations are noted
  const connected = memory();

  const first = await pollAll(poll, devices);
  terminals.punch();
  const paced = await pollAtPace(poll, devices);
  const acknowledgedMs = await terminals.stopPunching();
  // Takes in the last punches, too, so that all can be counted afterwards.
  const again = await pollAll(poll, devices);
  const polled = memory();

  printMemory({ empty, connected, polled });
  printWindow(paced, acknowledgedMs, await countPunches(services));
  printRounds({ first, again });
  printFailures([...first.polls, ...paced.polls, ...again.polls]);
  terminals.stop();
  await dialIn.stop();
  await services.close();
}

async function registerDevices(services) {
  const { DataSource } = load('typeorm');
  const { DevicesService } = await library('devices');
  await services.get(DataSource).query(
    `insert into devices (slug, name, driver, transport, encoding, serial_number, time_zone)
     select 'bench-' || n, 'Bench ' || n, 'aiface', 'websocket', 'utf-8', 'BENCH' || lpad(n::text, 5, '0'), 'UTC'
       from generate_series(1, ${TERMINALS}) n`,
  );
  return services.get(DevicesService).listEnabled();
}

function startTerminals(port, devices) {
  const serialNumbers = devices.map(({ serialNumber }) => serialNumber);
  const options = { port, serialNumbers, usersEach: USERS_EACH, punchGapMs: PUNCH_PERIOD_MS / TERMINALS };
  const child = fork(join(root, 'bench', 'dial-in-terminals.mjs'), [JSON.stringify(options)]);
  child.on('exit', (code) => {
    if (code) throw new Error(`the process of the terminals ended with ${code}`);
  });
  return {
    connected: once(child, 'message'),
    punch: () => child.send('punch'),
    stopPunching: async () => {
      child.send('stop punching');
      const [{ acknowledgedMs }] = await once(child, 'message');
      return acknowledgedMs;
    },
    stop: () => child.kill('SIGKILL'),
  };
}

/** A poll never throws: what went wrong is counted, and does not keep the others from being polled. */
async function pollerOf(services) {
  const { MachineSyncService } = await library('sync-services');
  const { systemActor } = await library('kernel');
  const machineSync = services.get(MachineSyncService);
  return async (device) => {
    const poll = { begunAt: performance.now() };
    const onProgress = ({ stage }) => {
      if (stage === 'counting') poll.askedAt ??= performance.now();
    };
    try {
      const { punchFailure } = await machineSync.syncDevice(device, systemActor, { onProgress });
      poll.failure = punchFailure;
    } catch (error) {
      poll.failure = error;
    }
    poll.endedAt = performance.now();
    return poll;
  };
}

/** As quickly as can be, some at once. */
async function pollAll(poll, devices) {
  const waiting = [...devices];
  const polls = [];
  const startedAt = performance.now();
  const worker = async () => {
    for (let device = waiting.shift(); device; device = waiting.shift()) polls.push(await poll(device));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return { polls, tookMs: performance.now() - startedAt };
}

/** For the length of the window, each when it is due, however many others are still under way. */
async function pollAtPace(poll, devices) {
  const startedAt = performance.now();
  const [cpuBefore, machineBefore] = [process.cpuUsage(), machineTimes()];
  const pollWhenDue = async (_, turn) => {
    const dueAt = startedAt + turn * POLL_GAP_MS;
    await sleep(Math.ceil(Math.max(0, dueAt - performance.now()))); // a timer drops fractions, and would be early
    return { dueAt, ...(await poll(devices[turn % devices.length])) };
  };
  const polls = await Promise.all(Array.from({ length: Math.round(WINDOW_MS / POLL_GAP_MS) }, pollWhenDue));
  await sleep(Math.max(0, startedAt + WINDOW_MS - performance.now()));
  const { user, system } = process.cpuUsage(cpuBefore);
  const tookMs = performance.now() - startedAt;
  return { polls, ofOneCore: (user + system) / 1_000 / tookMs, ofMachine: busyShare(machineBefore, machineTimes()) };
}

/** What is reachable, without what waits to be collected. */
function memory() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heapUsed };
}

/** Of the whole machine, other work on it included: lateness depends on that. */
function machineTimes() {
  const each = cpus().map(({ times: spent }) => spent);
  const all = each.flatMap((spent) => Object.values(spent)).reduce((sum, spent) => sum + spent, 0);
  return { all, idle: each.reduce((sum, { idle }) => sum + idle, 0) };
}

function busyShare(before, after) {
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

async function countPunches(services) {
  const { DataSource } = load('typeorm');
  const [{ count }] = await services.get(DataSource).query('select count(*)::integer as count from punches');
  return count;
}

function printMemory({ empty, connected, polled }) {
  const row = (name, of) => [
    name,
    ...[empty, connected, polled].map((each) => `${(of(each) / MIB).toFixed(1)} MiB`),
    `${((of(connected) - of(empty)) / KIB / TERMINALS).toFixed(1)} KiB`,
  ];
  printTable(
    `Memory of the server process with ${TERMINALS} terminals, garbage collected`,
    ['', 'no connection', 'connected, idle', 'after all polls', 'idle, per connection'],
    [row('heap', ({ heapUsed }) => heapUsed), row('resident', ({ rss }) => rss)],
  );
}

function printWindow({ polls, ofOneCore, ofMachine }, acknowledgedMs, punchesStored) {
  const row = (name, durations) => [name, durations.length, ...[0.5, 0.99, 1].map((q) => ms(quantile(durations, q)))];
  const asked = polls.filter(({ askedAt }) => askedAt !== undefined);
  printTable(
    `${TERMINALS} terminals with ${USERS_EACH} users, each polled every ${POLL_PERIOD_MS / 60_000} minutes ` +
      `and punched at every minute, for ${WINDOW_MS / 1_000} s (goals: no poll failed, every punch stored)`,
    ['', 'number', 'p50', 'p99', 'max'],
    [
      row('poll begun after it was due', lateness(polls, 'begunAt')),
      row('terminal asked after it was due', lateness(asked, 'askedAt')),
      row(
        'duration of a poll',
        polls.map(({ begunAt, endedAt }) => endedAt - begunAt),
      ),
      row('punch acknowledged', acknowledgedMs),
    ],
  );
  printTable(
    `What that took (goal: one server on ${CORES} cores)`,
    ['server, of one core', `server, of ${CORES} cores`, 'machine, other work too', 'polls failed', 'punches stored'],
    [
      [
        percent(ofOneCore),
        percent(ofOneCore / CORES),
        `${percent(ofMachine)} of ${cpus().length} cores`,
        `${failuresOf(polls).length} of ${polls.length}`,
        `${punchesStored} of ${acknowledgedMs.length}`,
      ],
    ],
  );
}

function printRounds({ first, again }) {
  const neededPerSecond = 1_000 / POLL_GAP_MS;
  const row = (name, { polls, tookMs }) => {
    const perSecond = (polls.length * 1_000) / tookMs;
    const took = `${(tookMs / 1_000).toFixed(1)} s`;
    const durations = polls.map(({ begunAt, endedAt }) => endedAt - begunAt);
    const [typical, slow] = [0.5, 0.99].map((q) => ms(quantile(durations, q)));
    return [
      name,
      took,
      perSecond.toFixed(1),
      times(perSecond / neededPerSecond),
      typical,
      slow,
      failuresOf(polls).length,
    ];
  };
  printTable(
    `All ${TERMINALS} terminals, ${AT_ONCE} at a time, as quickly as can be (needed: ${neededPerSecond.toFixed(2)} polls/s)`,
    ['', 'took', 'polls/s', 'headroom', 'poll p50', 'poll p99', 'failed'],
    [row('first time, with names and cards', first), row('names and cards known', again)],
  );
}

/** Nothing unless a poll failed: which failures there were, and how often each. */
function printFailures(polls) {
  const counts = new Map();
  for (const { failure } of failuresOf(polls)) {
    const text = `${failure.code ?? failure.name}: ${failure.message}`;
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  if (counts.size > 0) printTable('Failed polls', ['why', 'number'], [...counts]);
}

function failuresOf(polls) {
  return polls.filter(({ failure }) => failure !== undefined);
}

function lateness(polls, moment) {
  return polls.map((poll) => poll[moment] - poll.dueAt);
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
}

function percent(share) {
  return `${(share * 100).toFixed(1)} %`;
}
