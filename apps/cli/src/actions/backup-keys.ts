import { BackupFilesModule, BackupKeys, type KeyStatus } from '@app/backup';
import { withModule } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

export const generate = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withKeys(async (service) => {
      const { recoveryKey, status } = await service.generate();
      if (json) printJson({ recovery_key: recoveryKey, ...statusDocument(status) });
      else {
        printData(recoveryKey);
        tellRecovery();
        tell(`The operational key lies in ${status.keyFile}; copy it to every server that is to read backups.`);
      }
      return ExitCode.DONE;
    }),
  );

export const show = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withKeys(async (service) => {
      const status = await service.status();
      if (json) printJson(statusDocument(status));
      else if (status.recipients.length === 0)
        tell(
          'There are no keys: backups hold neither PINs nor fingerprints nor faces. Make them: holdfast keys generate',
        );
      else {
        printData(
          table(
            ['key', 'public key'],
            status.recipients.map(({ role, recipient }) => [role, recipient]),
          ),
        );
        tell(
          status.identities > 0
            ? `This host can read backups (${status.keyFile})`
            : 'This host can write backups and not read them: it has no secret key',
        );
      }
      return ExitCode.DONE;
    }),
  );

export const rotate = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withKeys(async (service) => {
      const status = await service.rotate();
      if (json) printJson(statusDocument(status));
      else printData(`${status.keyFile} has a new operational key in front of ${status.identities - 1} older ones`);
      tell('Copy both files to every other server, or they go on writing to the old key.');
      return ExitCode.DONE;
    }),
  );

export const recovery = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withKeys(async (service) => {
      const { recoveryKey, status } = await service.replaceRecovery();
      if (json) printJson({ recovery_key: recoveryKey, ...statusDocument(status) });
      else {
        printData(recoveryKey);
        tellRecovery();
      }
      return ExitCode.DONE;
    }),
  );

function withKeys<T>(work: (keys: BackupKeys) => Promise<T>): Promise<T> {
  return withModule(BackupFilesModule, (app) => work(app.get(BackupKeys)));
}

function tellRecovery(): void {
  tell('This is the recovery key. It lies on no disk and is not shown again: print it, and put it in the safe.');
  tell('With it alone, backups can be read when every server is lost.');
}

function statusDocument({ recipients, recipientsFile, keyFile, identities }: KeyStatus): object {
  return { recipients, recipients_file: recipientsFile, key_file: keyFile, can_read: identities > 0 };
}
