import { deviceView, DevicesService, SwappedTerminals } from '@app/devices';
import { administrator } from '@app/kernel';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

export const accept = (wanted: string, serial: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const { id } = await app.get(DevicesService).resolve(wanted);
      const view = deviceView(await app.get(SwappedTerminals).accept(id, serial, administrator('cli')));
      if (json) printJson(view);
      else printData(`${view.name} is now ${view.model ?? 'a terminal'} with serial number ${serial}`);
      return ExitCode.DONE;
    }),
  );
