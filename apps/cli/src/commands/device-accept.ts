import { deviceView, DevicesService, SwappedTerminals } from '@app/devices';
import { administrator } from '@app/kernel';
import { type Command } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

export function addDeviceAccept(device: Command): void {
  device
    .command('accept <device> <serial>')
    .description('take another terminal, found in the place of a registered one, for it from now on')
    .option('--json', 'one JSON document on standard output')
    .action((wanted: string, serial: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const { id } = await app.get(DevicesService).resolve(wanted);
          const view = deviceView(await app.get(SwappedTerminals).accept(id, serial, administrator('cli')));
          if (json) printJson(view);
          else printData(`${view.name} is now ${view.model ?? 'a terminal'} with serial number ${serial}`);
          return ExitCode.DONE;
        }),
      ),
    );
}
