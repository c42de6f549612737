import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

/** `holdfast config …` */
export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('the settings, which come from environment variables');
  config.addHelpText('after', examples('config show'));
  config
    .command('show')
    .description('show every setting, its value and where that comes from; secrets are hidden')
    .option('--changed', 'only those that are set')
    .option(...JSON_OUT)
    .addHelpText('after', examples('config show', 'config show --changed --json'))
    .action(lazily(async () => (await import('../actions/config.js')).showConfig));
}
