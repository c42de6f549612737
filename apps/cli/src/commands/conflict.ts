import { type Choices, type ComparedAttribute, type Side } from '@app/conflict';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { COMPARED_ATTRIBUTES, CONFLICT_TYPES, SIDES, STRATEGIES } from '../choices.js';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';
import { CONFIRM_TRIPPED } from './device-user.js';

const actions = () => import('../actions/conflict.js');

/** `holdfast conflict …` */
export function addConflictCommands(program: Command): void {
  const conflict = program
    .command('conflict')
    .alias('conflicts')
    .description('contradictions between a terminal and the database, which people settle')
    .addHelpText('after', examples('conflict list', 'conflict show 3', 'conflict resolve 3 --strategy use_database'));
  addList(conflict);
  addShow(conflict);
  addResolve(conflict);
}

function addList(conflict: Command): void {
  conflict
    .command('list')
    .description(`show the first ${LISTED} that wait for a decision, oldest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .addOption(new Option('--type <type>', 'only of this type').choices([...CONFLICT_TYPES]))
    .option('--resolved', 'those that are settled or have vanished instead')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('conflict list --device front-door', 'conflict list --type id_reused --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addShow(conflict: Command): void {
  conflict
    .command('show <conflict>')
    .description('show both versions, the one last agreed on, and what each strategy would do')
    .option(...JSON_OUT)
    .addHelpText('after', examples('conflict show 3'))
    .action(lazily(async () => (await actions()).show));
}

function addResolve(conflict: Command): void {
  const strategy = new Option('--strategy <strategy>', 'which side to follow').choices([...STRATEGIES]);
  conflict
    .command('resolve <conflict>')
    .description('make terminal and database agree, confirmed by reading the user back; or change nothing')
    .addOption(strategy.makeOptionMandatory())
    .option('--choose <attribute=side>', 'for a merge, as name=device; may be repeated', choice, {})
    .option('--notes <text>', 'why; stays in the audit log')
    .option('--shorten-name', 'shorten a name that the terminal has no room for, instead of refusing it')
    .option('--yes', 'do not ask; without it, the ID of the user has to be typed before the terminal is changed')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option('--seen <version>', 'the version that `show` told; refused if it is another one now')
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'conflict resolve 3 --strategy use_database',
        'conflict resolve 3 --strategy merge --choose name=device --yes',
      ),
    )
    .action(lazily(async () => (await actions()).resolve));
}

function choice(text: string, earlier: Choices): Choices {
  const [attribute, side] = text.split('=');
  if (!COMPARED_ATTRIBUTES.includes(attribute as ComparedAttribute) || !SIDES.includes(side as Side)) {
    throw new InvalidArgumentError(
      `Give one of ${COMPARED_ATTRIBUTES.join(', ')}, then = and one of ${SIDES.join(', ')}, as in name=device.`,
    );
  }
  return { ...earlier, [attribute]: side };
}
