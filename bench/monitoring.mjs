import { fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { root } from '../scripts/lib/prepare.mjs';
import { openServices } from './database.mjs';
import { library, load, ms, printTable } from './support.mjs';

const TERMINALS = 1_000;
const USERS_EACH = 500;
const INTERVAL_MS = 300_000;
/** Two intervals, unless somebody is in a hurry. */
const WINDOW_MS = Number(process.env.BENCH_MINUTES ?? 10) * 60_000;
const SECOND_MS = 1_000;
const MIB = 1024 * 1024;

/**
 * One server process watches 1,000 terminals with 500 users each: every terminal polled in each interval, how late polls
 * begin, whether any overlap, how long the event loop is held, and whether memory stays flat. A poll is the whole of it:
 * lease, proven read, comparison, storing, audit. Terminals and PostgreSQL have processes of their own on the same machine.
 */
export async function run() {
  const { MonitoringModule, UserPoll, UserPollSchedule, MONITORING_OPTIONS, PollAgenda } = await library('monitoring');
  const services = await openServices({ env: { DEVICE_NETWORKS: '127.0.0.0/8' }, modules: [MonitoringModule] });
  const terminals = await startTerminals();
  const { DataSource } = load('typeorm');
  const database = services.get(DataSource);
  await registerDevices(database, terminals.ports);

  const watched = watchPolls(services.get(UserPoll));
  const agenda = services.get(PollAgenda);
  await agenda.spread(new Date());
  const due = await readDue(database);
  const startedAt = Date.now();
  const schedule = services.get(UserPollSchedule);
  const cron = setInterval(() => void schedule.beginDue(), SECOND_MS);
  // The first interval stores 500,000 stays; the loop's delay is that of every day, of the intervals after it.
  await sleep(Math.min(INTERVAL_MS, WINDOW_MS / 2));
  const loop = monitorEventLoopDelay({ resolution: 5 });
  loop.enable();
  const [memoryBefore, cpuBefore, machineBefore] = [memory(), process.cpuUsage(), machineTimes()];
  const measuredFrom = Date.now();
  await sleep(Math.max(0, startedAt + WINDOW_MS - Date.now()));
  loop.disable();
  const { user, system } = process.cpuUsage(cpuBefore);
  const cores = (user + system) / 1_000 / (Date.now() - measuredFrom);
  const machine = busyShare(machineBefore, machineTimes());
  clearInterval(cron);
  await schedule.idle();
  const memoryAfter = memory();

  const period = services.get(MONITORING_OPTIONS).intervalMs * 0.95;
  printPolls(watched, due, period, startedAt + WINDOW_MS);
  printTable(
    `What it took, after the first interval (goals: event loop p99 ≤ 20 ms, memory flat)`,
    ['event loop p50', 'p99', 'max', 'server, of one core', 'machine, of its cores', 'heap then', 'heap at the end'],
    [
      [
        ...[loop.percentile(50), loop.percentile(99), loop.max].map((ns) => ms(ns / 1e6)),
        `${(cores * 100).toFixed(0)} %`,
        `${(machine * 100).toFixed(0)} % of ${cpus().length}`,
        ...[memoryBefore, memoryAfter].map((bytes) => `${(bytes / MIB).toFixed(1)} MiB`),
      ],
    ],
  );
  terminals.stop();
  await services.close();
}

async function startTerminals() {
  const options = { terminals: TERMINALS, usersEach: USERS_EACH };
  const child = fork(join(root, 'bench', 'monitoring-terminals.mjs'), [JSON.stringify(options)]);
  child.on('exit', (code) => {
    if (code) throw new Error(`the process of the terminals ended with ${code}`);
  });
  const [{ ports }] = await once(child, 'message');
  return { ports, stop: () => child.kill('SIGKILL') };
}

async function registerDevices(database, ports) {
  await database.query(
    `insert into devices (slug, name, driver, host, port, transport, encoding, serial_number, time_zone)
     select 'bench-' || n, 'Bench ' || n, 'zk', '127.0.0.1', port, 'tcp', 'utf-8', 'BENCH' || lpad(n::text, 5, '0'), 'UTC'
       from unnest($1::integer[]) with ordinality as t (port, n)`,
    [ports],
  );
}

/** Every poll with its begin and end; nothing of how it works is changed. */
function watchPolls(userPoll) {
  const polls = [];
  const running = new Set();
  const overlaps = [];
  const execute = userPoll.execute.bind(userPoll);
  userPoll.execute = async (device, options) => {
    const poll = { deviceId: device.id, begunAt: Date.now() };
    polls.push(poll);
    if (running.has(device.id)) overlaps.push(device.id);
    running.add(device.id);
    try {
      return await execute(device, options);
    } catch (error) {
      poll.failure = error;
      throw error;
    } finally {
      running.delete(device.id);
      poll.endedAt = Date.now();
    }
  };
  return { polls, overlaps };
}

async function readDue(database) {
  const rows = await database.query('select device_id, next_poll_at from device_watch');
  return new Map(rows.map(({ device_id: id, next_poll_at: at }) => [id, at.getTime()]));
}

function printPolls({ polls, overlaps }, due, period, endAt) {
  const lateness = [];
  const begun = new Map();
  for (const { deviceId, begunAt } of polls) {
    lateness.push(begunAt - due.get(deviceId));
    due.set(deviceId, due.get(deviceId) + period);
    begun.set(deviceId, [...(begun.get(deviceId) ?? []), begunAt]);
  }
  const gaps = [...begun.values()].flatMap((starts) => starts.slice(1).map((start, i) => start - starts[i]));
  const missed = [...due].filter(([, at]) => at + 5_000 < endAt).length;
  const failures = polls.filter(({ failure }) => failure !== undefined);
  const durations = polls.flatMap(({ begunAt, endedAt }) => (endedAt ? [endedAt - begunAt] : []));
  printTable(
    `${TERMINALS} terminals with ${USERS_EACH} users for ${WINDOW_MS / 60_000} minutes, polled every ${INTERVAL_MS / 60_000} ` +
      `(goals: none missed, none overlapping, begun at most 5 s late at p99)`,
    [
      'polls',
      'terminals',
      'missed',
      'overlapping',
      'failed',
      'late p50',
      'late p99',
      'longest gap',
      'poll p50',
      'poll p99',
    ],
    [
      [
        polls.length,
        begun.size,
        missed,
        overlaps.length,
        failures.length,
        ms(quantile(lateness, 0.5)),
        ms(quantile(lateness, 0.99)),
        `${(Math.max(0, ...gaps) / 1_000).toFixed(0)} s`,
        ms(quantile(durations, 0.5)),
        ms(quantile(durations, 0.99)),
      ],
    ],
  );
  const why = new Map();
  for (const { failure } of failures) why.set(failure.message, (why.get(failure.message) ?? 0) + 1);
  if (why.size > 0) printTable('Failed polls', ['why', 'number'], [...why]);
}

/** What is reachable, without what waits to be collected. */
function memory() {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
  return process.memoryUsage().heapUsed;
}

function machineTimes() {
  const each = cpus().map(({ times: spent }) => spent);
  const all = each.flatMap((spent) => Object.values(spent)).reduce((sum, spent) => sum + spent, 0);
  return { all, idle: each.reduce((sum, { idle }) => sum + idle, 0) };
}

function busyShare(before, after) {
  return 1 - (after.idle - before.idle) / (after.all - before.all);
}

function quantile(values, share) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? 0;
}
