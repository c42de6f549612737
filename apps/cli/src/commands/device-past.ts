import { type Command } from 'commander';
import { lazily } from '../lazily.js';

const actions = () => import('../actions/device-past.js');

/** `holdfast device diff <device> --from <instant> [--to <instant>]` */
export function addDeviceDiff(device: Command): void {
  device
    .command('diff <device>')
    .description('show who came to a terminal and who went between two moments, without asking it')
    .requiredOption('--from <instant>', 'the earlier moment, such as 2026-01-31T09:45:00Z')
    .option('--to <instant>', 'the later moment; now unless given')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).diff));
}
