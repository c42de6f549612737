import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { LISTED } from '../listed.js';
import { JSON_OUT, jsonLinesOption } from '../options.js';

const actions = () => import('../actions/device-user.js');

/** What a write to a terminal needs from whom it has lost many users. */
export const CONFIRM_TRIPPED = 'write although many users are missing from the terminal (see `incident list`)';

/** `holdfast device-user …` */
export function addDeviceUserCommands(program: Command): void {
  const deviceUser = program
    .command('device-user')
    .description('delete a user from a terminal, and bring it back')
    .addHelpText(
      'after',
      examples('device-user delete front-door 9001 --reason "left the school"', 'device-user undelete 5'),
    );
  addDelete(deviceUser);
  addUndelete(deviceUser);
  addDeletions(deviceUser);
}

function addDelete(deviceUser: Command): void {
  deviceUser
    .command('delete <device> <id>')
    .description('delete one user with all credentials; it is kept, sealed, so that this can be undone')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option('--yes', 'do not ask; without it, the ID has to be typed')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option(...JSON_OUT)
    .addHelpText('after', examples('device-user delete front-door 9001 --reason "left the school"'))
    .action(lazily(async () => (await actions()).deleteDeviceUser));
}

function addUndelete(deviceUser: Command): void {
  deviceUser
    .command('undelete <deletion>')
    .description('bring a deleted user back with every credential; `deletions` shows the numbers')
    .option('--yes', 'do not ask; without it, the ID has to be typed')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option(...JSON_OUT)
    .addHelpText('after', examples('device-user undelete 5', 'device-user undelete 5 --yes'))
    .action(lazily(async () => (await actions()).undelete));
}

function addDeletions(deviceUser: Command): void {
  deviceUser
    .command('deletions')
    .description(`show the last ${LISTED} deletions, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .option(...JSON_OUT)
    .addOption(jsonLinesOption())
    .addHelpText('after', examples('device-user deletions --device front-door'))
    .action(lazily(async () => (await actions()).deletions));
}
