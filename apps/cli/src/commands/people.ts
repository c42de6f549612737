import { lazily } from '../lazily.js';
import { PERSON_TYPES } from '@app/kernel';
import { type Command, Option } from 'commander';
import { addPeopleImport } from './people-import.js';

const actions = () => import('../actions/people.js');

/** `holdfast people …` */
export function addPeopleCommands(program: Command): void {
  const people = program
    .command('people')
    .description('staff and students; nothing here changes anything on a terminal');
  addPeopleImport(people);
  people
    .command('list')
    .description('show people, in the order in which they were made')
    .option('--text <part>', 'only those with this in name, external reference or card number')
    .addOption(new Option('--type <type>', 'only people of this type').choices(PERSON_TYPES))
    .option('--inactive', 'those who have left, too')
    .option('--json', 'one JSON document on standard output')
    .action(lazily(async () => (await actions()).list));
}
