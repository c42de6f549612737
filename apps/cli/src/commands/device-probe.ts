import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';
import { addTargetOptions } from './target-options.js';

const actions = () => import('../actions/device-probe.js');

export function addDeviceProbe(device: Command): void {
  addTargetOptions(device.command('probe <address>'))
    .description('try an address stage by stage and say what is wrong with it, if anything; needs no database')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('device probe 192.168.1.201', 'device probe 192.168.1.201 --comm-key 1234 --transport udp --json'),
    )
    .action(lazily(async () => (await actions()).probe));
}
