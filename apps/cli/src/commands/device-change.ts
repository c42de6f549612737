import { ADDRESS_DRIVERS, NAME_ENCODINGS, TRANSPORTS } from '@app/device-gateway';
import { deviceView, DevicesService } from '@app/devices';
import { administrator } from '@app/kernel';
import { type Command, Option } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';
import { parseCommKey, type TargetOptions } from './target-options.js';

const SWITCH = ['on', 'off'];

interface ChangeOptions extends Partial<TargetOptions> {
  readonly address?: string;
  readonly name?: string;
  readonly enabled?: 'on' | 'off';
  readonly realtime?: 'on' | 'off';
  readonly timeZone?: string;
  readonly network?: string;
  readonly json?: boolean;
}

export function addDeviceChange(device: Command): void {
  device
    .command('change <device>')
    .description('change how a registered terminal is treated; by id, short name or name')
    .option('--name <name>', 'another name')
    .addOption(new Option('--enabled <switch>', 'whether schedules read it').choices(SWITCH))
    .addOption(new Option('--realtime <switch>', 'whether its events are listened to').choices(SWITCH))
    .option('--time-zone <zone>', 'IANA zone of its clock, for punches imported from now on')
    .option('--network <cidr>', 'where a terminal must dial in from, such as 192.168.1.0/24; any: from anywhere')
    .option('--address <address>', 'where it is now; it is asked first who it is')
    .option('--comm-key <number>', 'comm key from the terminal’s menu; 0: none', parseCommKey)
    .addOption(new Option('--transport <name>', 'how the terminal is reached').choices(TRANSPORTS))
    .addOption(new Option('--encoding <name>', 'how it stores names').choices(NAME_ENCODINGS))
    .addOption(new Option('--driver <name>', 'who speaks to it').choices(ADDRESS_DRIVERS))
    .option('--json', 'one JSON document on standard output')
    .action((wanted: string, options: ChangeOptions) =>
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
      ),
    );
}

function isOn(value: 'on' | 'off' | undefined): boolean | undefined {
  return value === undefined ? undefined : value === 'on';
}
