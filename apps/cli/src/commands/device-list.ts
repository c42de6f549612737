import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/device-list.js');

export function addDeviceList(device: Command): void {
  device
    .command('list')
    .description('show the registered terminals')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('device list', 'device list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}
