import { accountView, AccountsService } from '@app/accounts';
import { administrator, type Role, ROLES } from '@app/kernel';
import { type Command, Option } from 'commander';
import { askPassword } from '../ask-password.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table } from '../output.js';
import { runCommand } from '../run-command.js';

const PASSWORD_FILE = ['--password-file <file>', 'take its first line as the password instead of asking'] as const;
const JSON_OUT = ['--json', 'one JSON document on standard output'] as const;

/** `holdfast account …`: whoever may run this may read the database anyway. */
export function addAccountCommands(program: Command): void {
  const account = program.command('account').description('the people who may use the API');
  addAdd(account);
  addList(account);
  addPassword(account);
  addDeactivate(account);
}

function addAdd(account: Command): void {
  account
    .command('add <name>')
    .description('let somebody sign in; asks for the password')
    .addOption(new Option('--role <role>', 'what they may do').choices([...ROLES]).makeOptionMandatory())
    .option(...PASSWORD_FILE)
    .option(...JSON_OUT)
    .action((name: string, options: { role: Role; passwordFile?: string; json?: boolean }) =>
      runCommand(options, async ({ json }) => {
        const password = await askPassword(options.passwordFile);
        return withServices(async (app) => {
          const wanted = { name, role: options.role, password };
          const view = accountView(await app.get(AccountsService).create(wanted, administrator('cli')));
          if (json) printJson(view);
          else printData(`${view.name} may sign in now, as ${view.role}.`);
          return ExitCode.DONE;
        });
      }),
    );
}

function addList(account: Command): void {
  account
    .command('list')
    .description('show who may sign in')
    .option(...JSON_OUT)
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const views = (await app.get(AccountsService).list()).map(accountView);
          if (json) printJson({ accounts: views });
          else {
            const rows = views.map((view) => [
              view.name,
              view.role,
              view.active ? 'yes' : 'no',
              view.last_login_at ?? 'never',
            ]);
            printData(table(['name', 'role', 'active', 'last log-in'], rows));
          }
          return ExitCode.DONE;
        }),
      ),
    );
}

function addPassword(account: Command): void {
  account
    .command('password <name>')
    .description('set another password, when it was lost; ends the sessions of the account')
    .option(...PASSWORD_FILE)
    .option(...JSON_OUT)
    .action((name: string, options: { passwordFile?: string; json?: boolean }) =>
      runCommand(options, async ({ json }) => {
        const password = await askPassword(options.passwordFile);
        return withServices(async (app) => {
          const accounts = app.get(AccountsService);
          const { id } = await accounts.getByName(name);
          await accounts.resetPassword(id, password, administrator('cli'));
          const view = accountView(await accounts.getByName(name));
          if (json) printJson(view);
          else printData(`${view.name} has another password now.${view.active ? '' : ' The account is not active.'}`);
          return ExitCode.DONE;
        });
      }),
    );
}

function addDeactivate(account: Command): void {
  account
    .command('deactivate <name>')
    .description('let somebody sign in no more; ends the sessions of the account')
    .option(...JSON_OUT)
    .action((name: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const accounts = app.get(AccountsService);
          const { id } = await accounts.getByName(name);
          const view = accountView(await accounts.change(id, { active: false }, administrator('cli')));
          if (json) printJson(view);
          else printData(`${view.name} may not sign in any more. Keys that they made go on: holdfast key list`);
          return ExitCode.DONE;
        }),
      ),
    );
}
