import { ROLES } from '@app/kernel';
import { type Command, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/account.js');

const PASSWORD_FILE = ['--password-file <file>', 'take its first line as the password instead of asking'] as const;

/** `holdfast account …`: whoever may run this may read the database anyway. */
export function addAccountCommands(program: Command): void {
  const account = program
    .command('account')
    .alias('accounts')
    .description('the people who may use the API')
    .addHelpText('after', examples('account list', 'account add mina --role operator'));
  addAdd(account);
  addList(account);
  addPassword(account);
  addDeactivate(account);
}

function addAdd(account: Command): void {
  account
    .command('add <name>')
    .description('let somebody sign in; asks for the password')
    .addOption(new Option('--role <role>', 'what they may do').choices([...ROLES]).makeOptionMandatory())
    .option(...PASSWORD_FILE)
    .option(...JSON_OUT)
    .addHelpText(
      'after',
      examples(
        'account add mina --role operator',
        'account add admin --role administrator --password-file first-password',
      ),
    )
    .action(lazily(async () => (await actions()).add));
}

function addList(account: Command): void {
  account
    .command('list')
    .description('show who may sign in')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('account list', 'account list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addPassword(account: Command): void {
  account
    .command('password <name>')
    .description('set another password, when it was lost; ends the sessions of the account')
    .option(...PASSWORD_FILE)
    .option(...JSON_OUT)
    .addHelpText('after', examples('account password mina'))
    .action(lazily(async () => (await actions()).password));
}

function addDeactivate(account: Command): void {
  account
    .command('deactivate <name>')
    .description('let somebody sign in no more; ends the sessions of the account')
    .option(...JSON_OUT)
    .addHelpText('after', examples('account deactivate mina'))
    .action(lazily(async () => (await actions()).deactivate));
}
