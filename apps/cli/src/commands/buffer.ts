import { PERSON_TYPES } from '@app/kernel';
import { Argument, type Command, Option } from 'commander';
import { MAPPING_STATUSES } from '../choices.js';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { collect, JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/buffer.js');

/** `holdfast buffer …` */
export function addBufferCommands(program: Command): void {
  const buffer = program
    .command('buffer')
    .description('the users met on terminals, and which person each is')
    .addHelpText('after', examples('buffer populate --dry-run', 'buffer list --status unmapped', 'buffer suggest'));
  addPopulate(buffer);
  addList(buffer);
  addMapping(buffer);
  addSuggest(buffer);
}

function addPopulate(buffer: Command): void {
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
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples('buffer populate --dry-run', 'buffer populate --device front-door', 'buffer populate --resume'),
    )
    .action(lazily(async () => (await import('../actions/buffer-populate.js')).populate));
}

function addList(buffer: Command): void {
  buffer
    .command('list')
    .description(`show the first ${LISTED}, in the order of their discovery`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .addOption(new Option('--status <status>', 'only these').choices(MAPPING_STATUSES))
    .option('--text <text>', 'only with this in name, ID or card')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('buffer list --status unmapped', 'buffer list --device front-door --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addMapping(buffer: Command): void {
  buffer
    .command('map <row>')
    .description('say which person a buffered user is; refused when either is mapped already')
    .addArgument(new Argument('<type>', 'of person').choices(PERSON_TYPES))
    .argument('<person>', 'number of the person, see people list')
    .option(...JSON_OUT)
    .addHelpText('after', examples('buffer map 17 staff 12'))
    .action(lazily(async () => (await actions()).map));
  buffer
    .command('unmap <row>')
    .description('remove a mapping; the user waits for one again')
    .addOption(
      new Option('--as <kind>', 'ended: it was right until now; mistaken: it never was')
        .choices(['ended', 'mistaken'])
        .makeOptionMandatory(),
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('buffer unmap 17 --as mistaken'))
    .action(lazily(async () => (await actions()).unmap));
  buffer
    .command('ignore <row>')
    .description('put a user aside that needs no mapping; it stays in the buffer and on the terminal')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option(...JSON_OUT)
    .addHelpText('after', examples('buffer ignore 17 --reason "test card of the technician"'))
    .action(lazily(async () => (await actions()).ignore));
  buffer
    .command('unignore <row>')
    .description('take up a user again that was put aside')
    .option(...JSON_OUT)
    .addHelpText('after', examples('buffer unignore 17'))
    .action(lazily(async () => (await actions()).unignore));
}

function addSuggest(buffer: Command): void {
  buffer
    .command('suggest [row]')
    .description('show who an unmapped user probably is, and why; without a row: the first 50 who wait. Maps nobody')
    .option('--device <device>', 'only of this device: id, short name or name')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('buffer suggest', 'buffer suggest 17 --json'))
    .action(lazily(async () => (await actions()).suggest));
}
