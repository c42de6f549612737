import { ApiKeysService, apiKeyView, createdKeyView } from '@app/accounts';
import { administrator, type Role, ROLES } from '@app/kernel';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

const DAY_MS = 86_400_000;
const MOST_DAYS = 3_650;
const JSON_OUT = ['--json', 'one JSON document on standard output'] as const;

/** `holdfast key …`: whoever may run this may read the database anyway. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('the keys with which programs use the API');
  addCreate(key);
  addList(key);
  addRevoke(key);
}

function addCreate(key: Command): void {
  key
    .command('create <name>')
    .description('make a key and show it, this once')
    .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
    .option('--days <number>', 'how long it works; without it, until it is revoked', wholeDays)
    .option(...JSON_OUT)
    .action((name: string, options: { role: Role; days?: number; json?: boolean }) =>
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
      ),
    );
}

function addList(key: Command): void {
  key
    .command('list')
    .description('show the keys, never whole')
    .option(...JSON_OUT)
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const views = (await app.get(ApiKeysService).list()).map(apiKeyView);
          if (json) printJson({ keys: views });
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
      ),
    );
}

function addRevoke(key: Command): void {
  key
    .command('revoke <key>')
    .description('make a key useless at once; by its id or its beginning')
    .option(...JSON_OUT)
    .action((wanted: string, options: { json?: boolean }) =>
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
      ),
    );
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST_DAYS}.`);
}
