import { PERSON_TYPES } from '@app/kernel';
import { type Command, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';
import { addPeopleImport } from './people-import.js';

const actions = () => import('../actions/people.js');

/** `holdfast people …` */
export function addPeopleCommands(program: Command): void {
  const people = program
    .command('people')
    .description('staff and students; nothing here changes anything on a terminal')
    .addHelpText('after', examples('people import staff.csv --dry-run', 'people list'));
  addPeopleImport(people);
  people
    .command('list')
    .description('show people, in the order in which they were made')
    .option('--text <part>', 'only those with this in name, external reference or card number')
    .addOption(new Option('--type <type>', 'only people of this type').choices(PERSON_TYPES))
    .option('--inactive', 'those who have left, too')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('people list', 'people list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}
