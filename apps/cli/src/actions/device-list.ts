import { deviceView, DevicesService } from '@app/devices';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, table, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

export const list = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const views = (await app.get(DevicesService).list()).map(deviceView);
      if (json) printItems(lines, 'devices', views);
      else {
        const rows = views.map((view) => [
          view.id,
          view.slug,
          view.name,
          view.host === null ? 'dials in' : `${view.host}:${view.port}`,
          view.serial_number,
          view.enabled ? 'yes' : 'no',
          view.last_sync_at ?? 'never',
        ]);
        printData(table(['id', 'short name', 'name', 'address', 'serial', 'enabled', 'last complete read'], rows));
      }
      return ExitCode.DONE;
    }),
  );
