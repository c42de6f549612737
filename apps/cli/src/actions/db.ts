import { migrate, migrationStatus, revertLast } from '@app/database';
import { withDatabase } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

interface JsonOption {
  readonly json?: boolean;
}

export const migrateSchema = (options: JsonOption): Promise<void> =>
  runCommand(options, ({ json }) =>
    withDatabase(async ({ url }) => {
      const applied = await migrate(url);
      if (json) printJson({ applied });
      else printData(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`);
      return ExitCode.DONE;
    }),
  );

export const showStatus = (options: JsonOption): Promise<void> =>
  runCommand(options, ({ json }) =>
    withDatabase(async ({ url }) => {
      const status = await migrationStatus(url);
      if (json) printJson(status);
      else {
        const lines = [
          ...status.applied.map((name) => `applied  ${name}`),
          ...status.pending.map((name) => `PENDING  ${name}`),
          ...status.unknown.map((name) => `UNKNOWN  ${name}   (of a newer program)`),
        ];
        printData(lines.join('\n'));
      }
      return status.pending.length + status.unknown.length === 0 ? ExitCode.DONE : ExitCode.DATABASE;
    }),
  );

export const revertSchema = (options: JsonOption): Promise<void> =>
  runCommand(options, ({ json }) =>
    withDatabase(async ({ url }) => {
      const reverted = await revertLast(url);
      if (json) printJson({ reverted: reverted ?? null });
      else printData(reverted ? `Reverted: ${reverted}` : 'There is nothing to revert.');
      return ExitCode.DONE;
    }),
  );
