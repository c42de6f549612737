/**
 * A process that carries out a stored restore, for the chaos suite to kill at any moment. It runs the built program; the terminal
 * is the parent's.
 */
import 'reflect-metadata';
import { Test } from '@nestjs/testing';
import { AccountsModule } from '../../dist/libs/accounts/src/index.js';
import { BackupModule, RestoreRepository, Restores } from '../../dist/libs/backup/src/index.js';
import { AppConfig, ConfigModule } from '../../dist/libs/config/src/index.js';
import { DatabaseModule } from '../../dist/libs/database/src/index.js';
import { WriteObserver } from '../../dist/libs/device-writer/src/index.js';
import { DialInModule } from '../../dist/libs/dial-in/src/index.js';
import { administrator } from '../../dist/libs/kernel/src/index.js';

const { url, dataDir, restoreId } = JSON.parse(process.argv[2]);
const observer = { reached: async (step) => void process.send({ at: step }) };
const builder = Test.createTestingModule({
  imports: [
    ConfigModule.forRoot(AppConfig.fromEnv({ DATA_DIR: dataDir })),
    DatabaseModule.forRoot({ url, applicationName: `holdfast-chaos ${process.pid}`, poolSize: 4 }),
    AccountsModule,
    BackupModule,
    DialInModule,
  ],
})
  .overrideProvider(WriteObserver)
  .useValue(observer);
const app = (await builder.compile()).createNestApplication({ logger: false });
await app.init();
process.on('disconnect', () => process.exit(0));
process.send({ at: 'booted' });
try {
  const restores = app.get(Restores);
  const { state } = await app.get(RestoreRepository).get(restoreId);
  const begun =
    state === 'planned'
      ? await restores.begin(restoreId, { actor: administrator('account:mina'), confirmTripped: true })
      : await app.get(RestoreRepository).get(restoreId);
  const { tally } = await restores.goOn(begun);
  process.send({ done: tally });
} catch (error) {
  process.send({ failed: String(error?.stack ?? error) });
}
