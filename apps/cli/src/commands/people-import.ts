import { PERSON_TYPES } from '@app/kernel';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/people-import.js');

export function addPeopleImport(people: Command): void {
  people
    .command('import <file>')
    .description('make and change people from a CSV file, by type and external reference; safe to repeat')
    .option('--dry-run', 'tell what would happen, change nothing')
    .addOption(new Option('--default-type <type>', 'the type of rows that tell none').choices(PERSON_TYPES))
    .option('--deactivate-missing', 'deactivate people of the types in the file who are not in it')
    .option('--confirm-deactivations <count>', 'exactly how many those are; needed when they are many', wholeNumber)
    .option('--all-or-nothing', 'change nothing if any row is refused')
    .option(...JSON_OUT)
    .addHelpText('after', examples('people import staff.csv --dry-run', 'people import staff.csv'))
    .action(lazily(async () => (await actions()).importPeople));
}

function wholeNumber(text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('it is a whole number');
  return Number(text);
}
