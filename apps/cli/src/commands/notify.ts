import { lazily } from '../lazily.js';
import { type Command } from 'commander';

const actions = () => import('../actions/notify.js');

/** `holdfast notify …` */
export function addNotifyCommands(program: Command): void {
  const notify = program.command('notify').description('the channels through which administrators are told');
  notify
    .command('list')
    .description('show the channels')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).list));
  notify
    .command('test <channel>')
    .description('send a test message now; by number or name')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).test));
}
