import { deviceView, DevicesService } from '@app/devices';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table } from '../output.js';
import { runCommand } from '../run-command.js';

export const list = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const views = (await app.get(DevicesService).list()).map(deviceView);
      if (json) printJson({ devices: views });
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
