import { ApiKeysService, apiKeyView, createdKeyView } from '@app/accounts';
import { administrator, type Role } from '@app/kernel';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

const DAY_MS = 86_400_000;

export const create = (name: string, options: { role: Role; days?: number; json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const { role, days } = options;
      const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * DAY_MS);
      const created = await app.get(ApiKeysService).create({ name, role, expiresAt }, administrator('cli'));
      const view = createdKeyView(created);
      if (json) printJson(view);
      else printData(view.key);
      tell(
        `Shown this once. It works ${view.expires_at === null ? 'until it is revoked' : `until ${view.expires_at}`}.`,
      );
      return ExitCode.DONE;
    }),
  );

export const list = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const views = (await app.get(ApiKeysService).list()).map(apiKeyView);
      if (json) printItems(lines, 'keys', views);
      else {
        const rows = views.map((view) => [
          view.id,
          view.prefix ?? '',
          view.name,
          view.role,
          view.last_used_at ?? 'never',
          view.expires_at ?? 'never',
          view.revoked_at ?? '',
        ]);
        printData(table(['id', 'begins with', 'name', 'role', 'last used', 'expires', 'revoked'], rows));
      }
      return ExitCode.DONE;
    }),
  );

export const revoke = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const keys = app.get(ApiKeysService);
      const { id } = await keys.resolve(wanted);
      await keys.revoke(id, administrator('cli'));
      const view = apiKeyView(await keys.resolve(id));
      if (json) printJson(view);
      else printData(`"${view.name}" is revoked.`);
      return ExitCode.DONE;
    }),
  );
