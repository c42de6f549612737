import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/db.js');

/** `holdfast db …` */
export function addDatabaseCommands(program: Command): void {
  const db = program.command('db').description('the database schema');
  db.addHelpText('after', examples('db status', 'db migrate'));
  db.command('migrate')
    .description('bring the schema up to date; safe to repeat')
    .option(...JSON_OUT)
    .addHelpText('after', examples('db migrate'))
    .action(lazily(async () => (await actions()).migrateSchema));
  db.command('status')
    .description('show which migrations are applied and which are pending')
    .option(...JSON_OUT)
    .addHelpText('after', examples('db status', 'db status --json'))
    .action(lazily(async () => (await actions()).showStatus));
  db.command('revert')
    .description('undo the last migration, with the data that only it can hold')
    .requiredOption('--yes', 'I know that the data in what is undone is lost')
    .option(...JSON_OUT)
    .addHelpText('after', examples('db revert --yes'))
    .action(lazily(async () => (await actions()).revertSchema));
}
