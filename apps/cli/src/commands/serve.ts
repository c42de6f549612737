import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';

/** `holdfast serve` */
export function addServeCommand(program: Command): void {
  program
    .command('serve')
    .description(
      'run the server until SIGINT or SIGTERM: API, schedules, and whatever dials in; brings the schema up to date',
    )
    .addHelpText('after', examples('serve'))
    .action(lazily(async () => (await import('../actions/serve.js')).serve));
}
