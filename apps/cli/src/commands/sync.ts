import { lazily } from '../lazily.js';
import { type Command } from 'commander';

const actions = () => import('../actions/sync.js');

/** `holdfast sync <device>` */
export function addSyncCommands(program: Command): void {
  program
    .command('sync <device>')
    .description('read a registered terminal now: buffer its users, import its punches; by id, short name or name')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).syncDevice));
}
