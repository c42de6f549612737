import { lazily } from '../lazily.js';
import { type Command } from 'commander';

const actions = () => import('../actions/device-accept.js');

export function addDeviceAccept(device: Command): void {
  device
    .command('accept <device> <serial>')
    .description('take another terminal, found in the place of a registered one, for it from now on')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).accept));
}
