import { migrate, migrationStatus, revertLast } from '@app/database';
import { type Command } from 'commander';
import { withDatabase } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

interface JsonOption {
  readonly json?: boolean;
}

/** `holdfast db …` */
export function addDatabaseCommands(program: Command): void {
  const db = program.command('db').description('the database schema');
  db.command('migrate')
    .description('bring the schema up to date; safe to repeat')
    .option('--json', 'one JSON document on standard output')
    .action((options: JsonOption) =>
      runCommand(options, ({ json }) =>
        withDatabase(async ({ url }) => {
          const applied = await migrate(url);
          if (json) printJson({ applied });
          else printData(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}`);
          return ExitCode.DONE;
        }),
      ),
    );
  db.command('status')
    .description('show which migrations are applied and which are pending')
    .option('--json', 'one JSON document on standard output')
    .action((options: JsonOption) =>
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
      ),
    );
  db.command('revert')
    .description('undo the last migration, with the data that only it can hold')
    .requiredOption('--yes', 'I know that the data in what is undone is lost')
    .option('--json', 'one JSON document on standard output')
    .action((options: JsonOption) =>
      runCommand(options, ({ json }) =>
        withDatabase(async ({ url }) => {
          const reverted = await revertLast(url);
          if (json) printJson({ reverted: reverted ?? null });
          else printData(reverted ? `Reverted: ${reverted}` : 'There is nothing to revert.');
          return ExitCode.DONE;
        }),
      ),
    );
}
