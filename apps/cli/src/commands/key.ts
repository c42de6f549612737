import { ROLES } from '@app/kernel';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/key.js');
const MOST_DAYS = 3_650;

/** `holdfast key …`: whoever may run this may read the database anyway. */
export function addKeyCommands(program: Command): void {
  const key = program
    .command('key')
    .description('the keys with which programs use the API')
    .addHelpText('after', examples('key create payroll --role viewer', 'key list'));
  addCreate(key);
  addList(key);
  addRevoke(key);
}

function addCreate(key: Command): void {
  key
    .command('create <name>')
    .description('make a key and show it, this once')
    .addOption(new Option('--role <role>', 'what it may do').choices([...ROLES]).makeOptionMandatory())
    .option('--days <number>', 'how long it works; without it, until it is revoked', wholeDays)
    .option(...JSON_OUT)
    .addHelpText('after', examples('key create payroll --role viewer'))
    .action(lazily(async () => (await actions()).create));
}

function addList(key: Command): void {
  key
    .command('list')
    .description('show the keys, never whole')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('key list', 'key list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addRevoke(key: Command): void {
  key
    .command('revoke <key>')
    .description('make a key useless at once; by its id or its beginning')
    .option(...JSON_OUT)
    .addHelpText('after', examples('key revoke 4'))
    .action(lazily(async () => (await actions()).revoke));
}

function wholeDays(text: string): number {
  const days = Number(text);
  if (/^\d+$/.test(text) && days >= 1 && days <= MOST_DAYS) return days;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MOST_DAYS}.`);
}
