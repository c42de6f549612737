import { type Command } from 'commander';
import { examples } from '../examples.js';
import { lazily } from '../lazily.js';
import { JSON_OUT } from '../options.js';

/** `holdfast doctor` */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      'look at settings, folders, keys, database, terminals, backups and notifications, and say what to do; changes nothing; ' +
        'exits with 1, or 7 without a database, when something failed',
    )
    .option(...JSON_OUT)
    .addHelpText('after', examples('doctor', 'doctor --json'))
    .action(lazily(async () => (await import('../actions/doctor.js')).doctor));
}
