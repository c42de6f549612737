import { type Command, Option } from 'commander';
import { ADDRESS_DRIVERS, NAME_ENCODINGS, TRANSPORTS } from '../choices.js';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';
import { parseCommKey } from './target-options.js';

const actions = () => import('../actions/device-change.js');

const SWITCH = ['on', 'off'];

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
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'device change front-door --time-zone Africa/Addis_Ababa --realtime on',
        'device change front-door --enabled off',
      ),
    )
    .action(lazily(async () => (await actions()).change));
}
