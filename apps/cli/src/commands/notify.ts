import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/notify.js');

/** `holdfast notify …` */
export function addNotifyCommands(program: Command): void {
  const notify = program
    .command('notify')
    .description('the channels through which administrators are told')
    .addHelpText('after', examples('notify list', 'notify test it-mail'));
  notify
    .command('list')
    .description('show the channels')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('notify list', 'notify list --jsonl'))
    .action(lazily(async () => (await actions()).list));
  notify
    .command('test <channel>')
    .description('send a test message now; by number or name')
    .option(...JSON_OUT)
    .addHelpText('after', examples('notify test it-mail'))
    .action(lazily(async () => (await actions()).test));
}
