import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/device-past.js');

/** `holdfast device diff <device> --from <instant> [--to <instant>]` */
export function addDeviceDiff(device: Command): void {
  device
    .command('diff <device>')
    .description('show who came to a terminal and who went between two moments, without asking it')
    .requiredOption('--from <instant>', 'the earlier moment, such as 2026-01-31T09:45:00Z')
    .option('--to <instant>', 'the later moment; now unless given')
    .option(...JSON_OUT)
    .addHelpText('after', examples('device diff front-door --from 2026-01-31T09:45:00Z'))
    .action(lazily(async () => (await actions()).diff));
}
