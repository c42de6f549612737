import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { collect } from '../options.js';

/** `holdfast support-bundle` */
export function addSupportBundleCommand(program: Command): void {
  program
    .command('support-bundle')
    .description(
      'write what a helper needs into one JSON file, to be read before it is given away: settings, checks, states, counts, and ' +
        'the end of logs; without secrets and without names of people; sends nothing',
    )
    .option('--out <file>', 'where to; - for standard output; a name with the time unless told otherwise')
    .option('--log <file>', 'the log of a server, its end goes in; may be repeated', collect, [])
    .addHelpText('after', examples('support-bundle', 'support-bundle --log holdfast.log --out - | less'))
    .action(lazily(async () => (await import('../actions/support-bundle.js')).supportBundle));
}
