import { lazily } from '../lazily.js';
import { type Command } from 'commander';
import { addTargetOptions } from './target-options.js';

const actions = () => import('../actions/device-probe.js');

export function addDeviceProbe(device: Command): void {
  addTargetOptions(device.command('probe <address>'))
    .description('try an address stage by stage and say what is wrong with it, if anything; needs no database')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).probe));
}
