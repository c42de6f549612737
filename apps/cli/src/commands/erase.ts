import { PERSON_TYPES } from '@app/kernel';
import { type Command, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/erase.js');

/** `holdfast erase …` */
export function addEraseCommand(program: Command): void {
  program
    .command('erase [device] [user]')
    .description('erase one device user, or everybody that a person is mapped to, for good; this cannot be undone')
    .option('--person <id>', 'the person, in place of a device user')
    .addOption(new Option('--type <type>', 'what the person is').choices([...PERSON_TYPES]))
    .requiredOption('--reason <text>', 'why; stays in the audit log, so name nobody in it')
    .option('--yes', 'do not ask; without it, the ID has to be typed')
    .option(...JSON_OUT)
    .addHelpText('after', examples('erase front-door 9001 --reason "asked for it on 1 March"'))
    .action(lazily(async () => (await actions()).eraseUser));
}
