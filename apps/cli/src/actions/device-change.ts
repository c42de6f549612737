import { deviceView, DevicesService } from '@app/devices';
import { administrator } from '@app/kernel';
import { type TargetOptions } from '../commands/target-options.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

interface ChangeOptions extends Partial<TargetOptions> {
  readonly address?: string;
  readonly name?: string;
  readonly enabled?: 'on' | 'off';
  readonly realtime?: 'on' | 'off';
  readonly timeZone?: string;
  readonly network?: string;
  readonly json?: boolean;
}

export const change = (wanted: string, options: ChangeOptions): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const devices = app.get(DevicesService);
      const { id } = await devices.resolve(wanted);
      const { name, timeZone, enabled, realtime, address, commKey, transport, encoding, driver } = options;
      const network = options.network === 'any' ? null : options.network;
      const reach = { address, commKey, transport, encoding, driver };
      const change = { name, timeZone, network, enabled: isOn(enabled), realtime: isOn(realtime), ...reach };
      const view = deviceView(await devices.change(id, change, administrator('cli')));
      if (json) printJson(view);
      else {
        const parts = [view.enabled ? 'enabled' : 'not enabled', view.realtime ? 'realtime' : 'not realtime'];
        if (view.driver === 'aiface') parts.push(`dials in from ${view.network ?? 'anywhere'}`);
        printData(`${view.name}: ${parts.join(', ')}, time zone ${view.time_zone ?? 'of the site'}`);
      }
      return ExitCode.DONE;
    }),
  );

function isOn(value: 'on' | 'off' | undefined): boolean | undefined {
  return value === undefined ? undefined : value === 'on';
}
