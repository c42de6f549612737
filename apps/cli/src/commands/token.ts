import { AdminTokenService } from '@app/auth';
import { type Command } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';

/** `holdfast token …`: whoever may run this may read the database anyway. */
export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('the administrator token of the API');
  token
    .command('replace')
    .description('make a new token and revoke the old one, when it was lost or leaked')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const fresh = await app.get(AdminTokenService).replaceToken();
          if (json) printJson({ token: fresh });
          else printData(fresh);
          tell('The token before it is revoked. While ADMIN_TOKEN is set, that one counts instead.');
          return ExitCode.DONE;
        }),
      ),
    );
}
