import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/device-health.js');

export function addDeviceHealth(device: Command): void {
  device
    .command('health [device]')
    .description('show how terminals are doing, without asking them; exits with 3 unless all are well')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('device health', 'device health front-door --json'))
    .action(lazily(async () => (await actions()).health));
}
