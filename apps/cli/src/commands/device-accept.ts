import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/device-accept.js');

export function addDeviceAccept(device: Command): void {
  device
    .command('accept <device> <serial>')
    .description('take another terminal, found in the place of a registered one, for it from now on')
    .option(...JSON_OUT)
    .addHelpText('after', examples('device accept front-door AYTH25061234'))
    .action(lazily(async () => (await actions()).accept));
}
