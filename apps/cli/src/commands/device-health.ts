import { lazily } from '../lazily.js';
import { type Command } from 'commander';

const actions = () => import('../actions/device-health.js');

export function addDeviceHealth(device: Command): void {
  device
    .command('health [device]')
    .description('show how terminals are doing, without asking them; exits with 3 unless all are well')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).health));
}
