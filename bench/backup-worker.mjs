import { openServices } from './database.mjs';
import { measureMemory } from './resident-memory.mjs';
import { Stages } from './stages.mjs';
import { library, load } from './support.mjs';

/** One piece of work with backups in a process of its own, as a server does it; tells how long it took, and its memory. */
const { task, port, filename, database } = JSON.parse(process.argv[2]);
const { BackupCatalogue, BackupDrills, BackupKeys, BackupModule, BackupRestoreService } = await library('backup');
const { DrillModule } = await library('drill');
const { DevicesService } = await library('devices');
const { administrator } = await library('kernel');
load('@nestjs/common').Logger.overrideLogger(false);
const env = { DEVICE_NETWORKS: '127.0.0.0/8' };
const services = await openServices({ env, modules: [BackupModule, DrillModule], database });
await services.init();
const actor = administrator('account:bench');

const tasks = { backup, restore, drill };
const prepared = await tasks[task]();
const { result, ...memory } = await measureMemory(async () => {
  const stages = new Stages();
  const result = await prepared(stages.note);
  return { ...result, stages: stages.end() };
});
process.send({ ...result, ...memory });
await services.close();
process.exit(0);

async function backup() {
  await services.get(BackupKeys).generate();
  const reach = { name: 'Bench', address: `127.0.0.1:${port}`, driver: 'zk', transport: 'tcp', encoding: 'utf-8' };
  const { device } = await services.get(DevicesService).add({ ...reach, commKey: 0 }, actor);
  return async (onProgress) => {
    const made = await services.get(BackupRestoreService).backupDeviceUsers(device, { actor, onProgress });
    const { recipients } = await services.get(BackupKeys).status();
    return { filename: made.filename, bytes: Number(made.sizeBytes), recipients };
  };
}

async function restore() {
  return async (onProgress) => {
    const request = { actor, confirmTripped: true, onProgress };
    const { tally } = await services.get(BackupRestoreService).restoreFromBackup(filename, request);
    return { done: tally.done, planned: tally.byAction.create };
  };
}

async function drill() {
  const backupOf = await services.get(BackupCatalogue).get(filename);
  return async (onProgress) => {
    const { report } = await services.get(BackupDrills).drill(backupOf, actor, { onProgress });
    return { good: report.good, differences: report.differences };
  };
}
