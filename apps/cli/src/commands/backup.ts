import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/backup.js');

/** `holdfast backup …` */
export function addBackupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .alias('backups')
    .description('copies of everybody on a terminal, fingerprints and faces included')
    .addHelpText('after', examples('backup create front-door', 'backup status'));
  addCreate(backup);
  addList(backup);
  addStatus(backup);
  addInspect(backup);
  addVerify(backup);
  addDrill(backup);
  addPrune(backup);
}

function addCreate(backup: Command): void {
  backup
    .command('create <devices...>')
    .description('back these terminals up now; exits with 3 when one could not be')
    .option(...JSON_OUT)
    .addHelpText('after', examples('backup create front-door hall'))
    .action(lazily(async () => (await actions()).create));
}

function addList(backup: Command): void {
  backup
    .command('list')
    .description(`show the last ${LISTED} backups, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('backup list --device front-door', 'backup list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addStatus(backup: Command): void {
  backup
    .command('status')
    .description('show for every terminal its newest backups, when the next is due, and what failed')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('backup status'))
    .action(lazily(async () => (await actions()).status));
}

function addInspect(backup: Command): void {
  backup
    .command('inspect <filename>')
    .description('show what a backup holds: counts, and what it lacks; no secrets')
    .option(...JSON_OUT)
    .addHelpText('after', examples('backup inspect front-door-users-backup-20261126T220035120Z.json.age'))
    .action(lazily(async () => (await actions()).inspect));
}

function addVerify(backup: Command): void {
  backup
    .command('verify [filenames...]')
    .description(
      'read backups from beginning to end, all of them unless some are named; exits with 3 when one is not whole',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('backup verify'))
    .action(lazily(async () => (await actions()).verify));
}

function addDrill(backup: Command): void {
  backup
    .command('drill <filename>')
    .description(
      'try a backup out: restore it into an emulated terminal and compare, field by field; exits with 1 when it is not good',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('backup drill front-door-users-backup-20261126T220035120Z.json.age'))
    .action(lazily(async () => (await actions()).drill));
}

function addPrune(backup: Command): void {
  backup
    .command('prune')
    .description('remove backups whose time is over; never the newest, the largest, or those of a terminal in trouble')
    .option(...JSON_OUT)
    .addHelpText('after', examples('backup prune'))
    .action(lazily(async () => (await actions()).prune));
}
