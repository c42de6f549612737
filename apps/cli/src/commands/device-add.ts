import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';
import { addTargetOptions } from './target-options.js';

const actions = () => import('../actions/device-add.js');

export function addDeviceAdd(device: Command): void {
  addTargetOptions(device.command('add'))
    .description('ask a terminal who it is and register it')
    .requiredOption('--name <text>', 'what people call it, for example "Front door"')
    .requiredOption('--address <host[:port]>', 'where it is; the port is 4370 unless given')
    .option('--time-zone <zone>', 'IANA zone of its clock, for example Africa/Addis_Ababa')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'device add --name "Front door" --address 192.168.1.201',
        'device add --name Hall --address hall.example --comm-key 1234 --transport udp',
      ),
    )
    .action(lazily(async () => (await actions()).add));
}
