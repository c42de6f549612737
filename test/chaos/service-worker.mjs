/**
 * A process that runs one sync service once, for the chaos suite to start beside others and to kill. It runs the built
 * program with all its modules; only its patience is longer, since the machine may be slow.
 */
import 'reflect-metadata';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Test } from '@nestjs/testing';
import { AccountsModule } from '../../dist/libs/accounts/src/index.js';
import { AppConfig, ConfigModule } from '../../dist/libs/config/src/index.js';
import { DatabaseModule } from '../../dist/libs/database/src/index.js';
import { DevicesService } from '../../dist/libs/devices/src/index.js';
import { RetrySchedule, systemActor } from '../../dist/libs/kernel/src/index.js';
import { COORDINATION_OPTIONS, STANDARD_COORDINATION } from '../../dist/libs/sync-coordinator/src/index.js';
import {
  AasRealtimeSync,
  DirectMachineSync,
  MachineSyncService,
  SyncServicesModule,
} from '../../dist/libs/sync-services/src/index.js';

const { url, service, deviceId, env = {} } = JSON.parse(process.argv[2]);
const config = AppConfig.fromEnv({ ...env, DATA_DIR: mkdtempSync(join(tmpdir(), 'holdfast-chaos-')) });
const builder = Test.createTestingModule({
  imports: [
    ConfigModule.forRoot(config),
    DatabaseModule.forRoot({ url, applicationName: `holdfast-chaos ${process.pid}`, poolSize: 4 }),
    AccountsModule,
    SyncServicesModule,
  ],
})
  .overrideProvider(COORDINATION_OPTIONS)
  .useValue({ ...STANDARD_COORDINATION, retries: new RetrySchedule(6, 1_000) });
const app = (await builder.compile()).createNestApplication({ logger: false });
await app.init();
process.on('disconnect', () => process.exit(0));

const device = await app.get(DevicesService).get(deviceId);
const onProgress = ({ stage }) => process.send({ at: stage });
const services = {
  machineSyncService: () => app.get(MachineSyncService).syncDevice(device, systemActor, { onProgress }),
  directMachineSync: () => app.get(DirectMachineSync).syncNow(device, { actor: systemActor, onProgress }),
  aasRealtimeSync: () => app.get(AasRealtimeSync).syncChanged({ actor: systemActor }),
};
process.send({ at: 'ready' });
await new Promise((resolve) => process.once('message', resolve));
try {
  process.send({ at: 'started' });
  await services[service]();
  process.send({ done: { outcome: 'succeeded' } });
} catch (error) {
  process.send({ done: { outcome: error?.code ?? 'failed', message: String(error?.stack ?? error) } });
}
