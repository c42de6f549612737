import { accountView, AccountsService } from '@app/accounts';
import { administrator, type Role } from '@app/kernel';
import { askPassword } from '../ask-password.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

export const add = (name: string, options: { role: Role; passwordFile?: string; json?: boolean }): Promise<void> =>
  runCommand(options, async ({ json }) => {
    const password = await askPassword(options.passwordFile);
    return withServices(async (app) => {
      const wanted = { name, role: options.role, password };
      const view = accountView(await app.get(AccountsService).create(wanted, administrator('cli')));
      if (json) printJson(view);
      else printData(`${view.name} may sign in now, as ${view.role}.`);
      return ExitCode.DONE;
    });
  });

export const list = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const views = (await app.get(AccountsService).list()).map(accountView);
      if (json) printItems(lines, 'accounts', views);
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
  );

export const password = (name: string, options: { passwordFile?: string; json?: boolean }): Promise<void> =>
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
  });

export const deactivate = (name: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const accounts = app.get(AccountsService);
      const { id } = await accounts.getByName(name);
      const view = accountView(await accounts.change(id, { active: false }, administrator('cli')));
      if (json) printJson(view);
      else printData(`${view.name} may not sign in any more. Keys that they made go on: holdfast key list`);
      return ExitCode.DONE;
    }),
  );
