import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/sync.js');

/** `holdfast sync <device>` */
export function addSyncCommands(program: Command): void {
  program
    .command('sync <device>')
    .description('read a registered terminal now: buffer its users, import its punches; by id, short name or name')
    .option(...JSON_OUT)
    .addHelpText('after', examples('sync front-door', 'sync 1 --json'))
    .action(lazily(async () => (await actions()).syncDevice));
}
