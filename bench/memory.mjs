import { openServices } from './database.mjs';
import { library, load, printTable, startTerminal } from './support.mjs';

const MIB = 1024 * 1024;
const USERS = 50_000;

/** The peak of the resident memory during a run over 50,000 users, above what the idle process has. */
export async function run() {
  const services = await openServices();
  const terminal = await startTerminal(USERS);
  const { MachineSyncService } = await library('sync-services');
  const { DevicesService } = await library('devices');
  const { systemActor } = await library('kernel');
  load('typeorm');
  const wanted = {
    name: 'Bench',
    address: `127.0.0.1:${terminal.port}`,
    driver: 'zk',
    transport: 'tcp',
    encoding: 'utf-8',
    commKey: 0,
  };
  const { device } = await services.get(DevicesService).add(wanted, systemActor);
  const idle = process.memoryUsage.rss();
  let peak = idle;
  const sampler = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 2);
  const startedAt = performance.now();
  const { totals } = await services.get(MachineSyncService).syncDevice(device, systemActor);
  const took = performance.now() - startedAt;
  clearInterval(sampler);
  peak = Math.max(peak, process.resourceUsage().maxRSS * 1024);
  terminal.stop();
  printTable(
    'A whole run: lease, proven read, storing, audit (goal: peak ≤ 150 MiB above idle)',
    ['users', 'newly buffered', 'took', 'idle', 'peak', 'above idle'],
    [
      [
        totals.read,
        totals.newlyBuffered,
        `${(took / 1000).toFixed(1)} s`,
        ...[idle, peak, peak - idle].map((bytes) => `${(bytes / MIB).toFixed(0)} MiB`),
      ],
    ],
  );
  await services.close();
}
