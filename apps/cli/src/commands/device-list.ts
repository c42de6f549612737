import { deviceView, DevicesService } from '@app/devices';
import { type Command } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table } from '../output.js';
import { runCommand } from '../run-command.js';

export function addDeviceList(device: Command): void {
  device
    .command('list')
    .description('show the registered terminals')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
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
      ),
    );
}
