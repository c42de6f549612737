import { type Command } from 'commander';
import { lazily } from '../lazily.js';

const actions = () => import('../actions/token.js');

/** `holdfast token replace` is what older notes say; whoever types it learns what to type now. */
export function addTokenCommands(program: Command): void {
  program
    .command('token', { hidden: true })
    .command('replace')
    .description('made a new administrator token; accounts and keys have taken its place')
    .option('--json', 'of no effect')
    .action(lazily(async () => (await actions()).replace));
}
