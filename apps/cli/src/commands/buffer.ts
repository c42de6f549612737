import { type Command, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';

/** `holdfast buffer …` */
export function addBufferCommands(program: Command): void {
  const buffer = program.command('buffer').description('the users met on terminals');
  buffer.addHelpText('after', examples('buffer populate --dry-run'));
  buffer
    .command('populate')
    .description(
      'read terminals and buffer every unmapped user (requirement 10); safe to repeat, beside live services, and to interrupt',
    )
    .option('--device <name>', 'only this one, by id, short name or name; may be repeated', collect, [])
    .option('--dry-run', 'read and count, write nothing')
    .addOption(
      new Option('--resume', 'go on with the last one, if it was interrupted or some terminal failed').conflicts([
        'dryRun',
        'device',
      ]),
    )
    .option('--json', 'one JSON document on standard output')
    .addHelpText(
      'after',
      examples('buffer populate --dry-run', 'buffer populate --device front-door', 'buffer populate --resume'),
    )
    .action(lazily(async () => (await import('../actions/buffer-populate.js')).populate));
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
