/**
 * A process that writes to a terminal, for the chaos suite to kill at any step; or one that settles what such a process
 * has left. It runs the built program; only its observer is its own, and tells each step and waits where it is told to.
 */
import 'reflect-metadata';
import { setTimeout as delay } from 'node:timers/promises';
import { Test } from '@nestjs/testing';
import { AccountsModule } from '../../dist/libs/accounts/src/index.js';
import { AppConfig, ConfigModule } from '../../dist/libs/config/src/index.js';
import { DatabaseModule } from '../../dist/libs/database/src/index.js';
import {
  DeviceUserDeletions,
  DeviceWriterModule,
  DeviceWriteService,
  OpenWrites,
  WriteConsequence,
  WriteConsequences,
  WriteObserver,
} from '../../dist/libs/device-writer/src/index.js';
import { AifaceListener, DeviceGateway } from '../../dist/libs/device-gateway/src/index.js';
import { DevicesService } from '../../dist/libs/devices/src/index.js';
import { DialInModule, DialInService } from '../../dist/libs/dial-in/src/index.js';
import { administrator } from '../../dist/libs/kernel/src/index.js';

const { url, dataDir, deviceId, work, deviceUserId, deletionId, stopAt, aifacePort } = JSON.parse(process.argv[2]);

const told = () => new Promise((resolve) => process.once('message', resolve));

/** Notes in a table of the test's own how often a write had its consequence. */
class Noting extends WriteConsequence {
  purpose = 'chaos';
  async apply(tx, write) {
    await tx.query('insert into chaos_effects (write_id) values ($1)', [write.id]);
  }
}

const observer = {
  async reached(step) {
    const waiting = step === stopAt ? told() : undefined;
    process.send({ at: step });
    await waiting;
  },
};
const builder = Test.createTestingModule({
  imports: [
    ConfigModule.forRoot(AppConfig.fromEnv({ DATA_DIR: dataDir })),
    DatabaseModule.forRoot({ url, applicationName: `holdfast-chaos ${process.pid}`, poolSize: 4 }),
    AccountsModule,
    DeviceWriterModule,
    DialInModule,
  ],
})
  .overrideProvider(WriteObserver)
  .useValue(observer);
const app = (await builder.compile()).createNestApplication({ logger: false });
await app.init();
process.on('disconnect', () => process.exit(0));
app.get(WriteConsequences).register(new Noting());

/** Where its terminal dials in, it works when that is there; `undefined`: the terminal is called. */
async function withTerminal(doWork) {
  const listener = app.get(AifaceListener);
  if (aifacePort !== undefined) {
    await listener.listen({ host: '127.0.0.1', port: aifacePort }, app.get(DialInService));
    while (!app.get(DeviceGateway).isConnected(device.serialNumber)) await delay(5);
  }
  await doWork();
  await listener.stop();
}

const actor = administrator('account:mina');
const device = await app.get(DevicesService).get(deviceId);
const works = {
  update: () =>
    app.get(DeviceWriteService).perform(device, {
      kind: 'update',
      change: { name: 'Renamed' },
      deviceUserId,
      actor,
      purpose: 'chaos',
    }),
  delete: () => app.get(DeviceUserDeletions).delete(device, deviceUserId, { reason: 'left the school', actor }),
  restore: () => app.get(DeviceUserDeletions).undo(deletionId, actor),
};

process.send({ at: 'booted' }); // not a step of a write
if (work === 'settle') {
  for (let round = 1; ; round += 1) {
    await told();
    await withTerminal(() => app.get(OpenWrites).settleAll());
    process.send({ at: `settled ${round}` });
  }
}
await told();
try {
  await withTerminal(works[work]);
  process.send({ done: { outcome: 'succeeded' } });
} catch (error) {
  process.send({ done: { outcome: error?.code ?? 'failed', message: String(error?.stack ?? error) } });
}
