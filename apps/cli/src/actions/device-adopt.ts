import { deviceView } from '@app/devices';
import { PendingTerminalsService, pendingTerminalView } from '@app/dial-in';
import { administrator } from '@app/kernel';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

interface AdoptOptions {
  readonly name: string;
  readonly timeZone?: string;
  readonly json?: boolean;
}

export const pending = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const views = (await app.get(PendingTerminalsService).list()).map(pendingTerminalView);
      if (json) printItems(lines, 'pending_terminals', views);
      else {
        const rows = views.map((view) => [
          view.serial_number,
          view.address,
          view.model,
          view.firmware,
          (view.counters as { users?: number }).users ?? null,
          view.last_seen_at,
        ]);
        printData(table(['serial', 'dials in from', 'model', 'firmware', 'users', 'last seen'], rows));
        tell(views.length > 0 ? 'Next: holdfast device adopt <serial> --name "…"' : 'None waits.');
      }
      return ExitCode.DONE;
    }),
  );

export const adopt = (serial: string, { name, timeZone, json: wanted }: AdoptOptions): Promise<void> =>
  runCommand({ json: wanted }, ({ json }) =>
    withServices(async (app) => {
      const pending = app.get(PendingTerminalsService);
      const view = deviceView(await pending.adopt(serial, { name, timeZone }, administrator('cli')));
      if (json) printJson(view);
      else {
        printData(
          `Registered as device ${view.id}, "${view.slug}": ${view.model ?? 'unknown model'}, serial ${serial}`,
        );
        printData(`It must dial in from ${view.network ?? 'anywhere'}; \`holdfast device change\` changes that`);
        tell('It is admitted when it next dials in, within seconds, and read within a minute.');
      }
      return ExitCode.DONE;
    }),
  );
