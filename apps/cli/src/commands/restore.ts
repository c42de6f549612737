import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';
import { CONFIRM_TRIPPED } from './device-user.js';

const actions = () => import('../actions/restore.js');

/** `holdfast restore …` */
export function addRestoreCommands(program: Command): void {
  const restore = program
    .command('restore')
    .alias('restores')
    .description('bring people back: plan, look at the plan, apply exactly that plan')
    .addHelpText('after', examples('restore incident 17', 'restore show 4', 'restore apply 4'));
  addPlan(restore);
  addIncident(restore);
  addList(restore);
  addShow(restore);
  addApply(restore);
  addCancel(restore);
}

function addPlan(restore: Command): void {
  restore
    .command('plan <backup>')
    .description('say what restoring a backup would do to each user, and keep the plan; writes nothing to a terminal')
    .option('--to <device>', 'another terminal than the one that the backup is of')
    .option('--users <ids...>', 'nobody but these')
    .option('--only-missing', 'only users whom the terminal does not have')
    .option('--reason <text>', 'why; stays in the audit log')
    .option(...JSON_OUT)
    .addHelpText('after', examples('restore plan front-door-users-backup-20261126T220035120Z.json.age --only-missing'))
    .action(lazily(async () => (await actions()).plan));
}

function addIncident(restore: Command): void {
  restore
    .command('incident <incident>')
    .description(
      'plan to bring back just those whom an incident misses, each from the newest good backup that holds him',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('restore incident 17'))
    .action(lazily(async () => (await actions()).incident));
}

function addList(restore: Command): void {
  restore
    .command('list')
    .description(`show the last ${LISTED} restores, newest first`)
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('restore list', 'restore list --jsonl'))
    .action(lazily(async () => (await actions()).list));
}

function addShow(restore: Command): void {
  restore
    .command('show <restore>')
    .description('show what is planned for each user, and what became of it')
    .option(...JSON_OUT)
    .addHelpText('after', examples('restore show 4'))
    .action(lazily(async () => (await actions()).show));
}

function addApply(restore: Command): void {
  restore
    .command('apply <restore>')
    .description(
      'carry out exactly this plan, if the terminal still is as it was planned for; exits with 3 when users failed',
    )
    .option('--yes', 'do not ask; without it, the name of the terminal has to be typed')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option(...JSON_OUT)
    .addHelpText('after', examples('restore apply 4', 'restore apply 4 --yes'))
    .action(lazily(async () => (await actions()).apply));
}

function addCancel(restore: Command): void {
  restore
    .command('cancel <restore>')
    .description('give a plan up, or end a restore between two parts; whoever was brought back stays')
    .option(...JSON_OUT)
    .addHelpText('after', examples('restore cancel 4'))
    .action(lazily(async () => (await actions()).cancel));
}
