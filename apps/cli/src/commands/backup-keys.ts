import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

const actions = () => import('../actions/backup-keys.js');

/** `holdfast keys …`: needs no database. */
export function addBackupKeyCommands(program: Command): void {
  const keys = program
    .command('keys')
    .description('the keys that backups are encrypted with (those of the API: `key`)')
    .addHelpText('after', examples('keys generate', 'keys show'));
  addGenerate(keys);
  addShow(keys);
  addRotate(keys);
  addRecovery(keys);
}

function addGenerate(keys: Command): void {
  keys
    .command('generate')
    .description(
      'make both keys: the operational one for this host, and the recovery key for the safe, which is printed once',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('keys generate'))
    .action(lazily(async () => (await actions()).generate));
}

function addShow(keys: Command): void {
  keys
    .command('show')
    .description('show whom backups are encrypted to, and whether this host can read them; no secrets')
    .option(...JSON_OUT)
    .addHelpText('after', examples('keys show'))
    .action(lazily(async () => (await actions()).show));
}

function addRotate(keys: Command): void {
  keys
    .command('rotate')
    .description('make a new operational key for new backups; the old one stays, to read the old ones')
    .option(...JSON_OUT)
    .addHelpText('after', examples('keys rotate'))
    .action(lazily(async () => (await actions()).rotate));
}

function addRecovery(keys: Command): void {
  keys
    .command('recovery')
    .description(
      'make a new recovery key for new backups, and print it once; keep the old one as long as there are old backups',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('keys recovery'))
    .action(lazily(async () => (await actions()).recovery));
}
