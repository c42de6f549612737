import { lazily } from '../lazily.js';
import { type Command } from 'commander';

const actions = () => import('../actions/device-list.js');

export function addDeviceList(device: Command): void {
  device
    .command('list')
    .description('show the registered terminals')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).list));
}
