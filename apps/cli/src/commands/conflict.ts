import { lazily } from '../lazily.js';
import { type Choices, type ComparedAttribute, type Side } from '@app/conflict';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { COMPARED_ATTRIBUTES, CONFLICT_TYPES, SIDES, STRATEGIES } from '../choices.js';
import { CONFIRM_TRIPPED } from './device-user.js';
import { LISTED } from '../listed.js';

const actions = () => import('../actions/conflict.js');

/** `holdfast conflict …` */
export function addConflictCommands(program: Command): void {
  const conflict = program
    .command('conflict')
    .description('contradictions between a terminal and the database, which people settle');
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
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).list));
}

function addShow(conflict: Command): void {
  conflict
    .command('show <conflict>')
    .description('show both versions, the one last agreed on, and what each strategy would do')
    .option('--json', 'one JSON document on standard output')
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
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option('--seen <version>', 'the version that `show` told; refused if it is another one now')
    .option('--json', 'one JSON document on standard output')
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
