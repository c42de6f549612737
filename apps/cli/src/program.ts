import { programText, readProgram } from '@app/program';
import { Command } from 'commander';
import { addAasCommands } from './commands/aas.js';
import { addAccountCommands } from './commands/account.js';
import { addAuditCommands } from './commands/audit.js';
import { addBackupKeyCommands } from './commands/backup-keys.js';
import { addBackupCommands } from './commands/backup.js';
import { addBufferCommands } from './commands/buffer.js';
import { addCompletionCommands } from './commands/completion.js';
import { addConfigCommands } from './commands/config.js';
import { addConflictCommands } from './commands/conflict.js';
import { addDatabaseCommands } from './commands/db.js';
import { addDeviceUserCommands } from './commands/device-user.js';
import { addDeviceCommands } from './commands/device.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addEmulateCommands } from './commands/emulate.js';
import { addEraseCommand } from './commands/erase.js';
import { addIncidentCommands } from './commands/incident.js';
import { addKeyCommands } from './commands/key.js';
import { addNotifyCommands } from './commands/notify.js';
import { addPeopleCommands } from './commands/people.js';
import { addRestoreCommands } from './commands/restore.js';
import { addServeCommand } from './commands/serve.js';
import { addSupportBundleCommand } from './commands/support-bundle.js';
import { addSyncCommands } from './commands/sync.js';
import { addTokenCommands } from './commands/token.js';
import { examples } from './examples.js';

const EXIT_CODES = `Exit codes:
  0 done   1 failed   2 wrong usage   3 some terminals or rows failed
  4 terminal unreachable, or its list could not be proven   5 another service holds the terminal
  6 not allowed   7 database not ready   130 interrupted`;
const OUTPUT = `Data goes to standard output, everything else to standard error. Nothing is coloured, so NO_COLOR changes nothing.
Whoever reads it may go, as head does: the command is done all the same. Long work shows a bar on a screen, and none in a pipe. Ctrl-C ends it in order: what is done stays done, the rest is untouched.`;

/** Builds the whole command tree; nothing heavy is loaded until a command runs, so that `--help` is quick. */
export function buildProgram(): Command {
  const program = new Command('holdfast')
    .description('Keeps the users of biometric attendance terminals safe.')
    .showHelpAfterError('(add --help for how it is used)')
    .version(programText(readProgram()), '--version', 'show version and build')
    .exitOverride()
    .addHelpText('after', `\n${EXIT_CODES}\n\n${OUTPUT}`)
    .addHelpText(
      'after',
      examples(
        'doctor',
        'device probe 192.168.1.201',
        'device add --name "Front door" --address 192.168.1.201',
        'buffer populate --dry-run',
        'incident list --state open',
        'restore incident 17',
      ),
    );
  addDeviceCommands(program);
  addDeviceUserCommands(program);
  addEraseCommand(program);
  addSyncCommands(program);
  addBufferCommands(program);
  addConflictCommands(program);
  addNotifyCommands(program);
  addPeopleCommands(program);
  addAuditCommands(program);
  addAasCommands(program);
  addEmulateCommands(program);
  addServeCommand(program);
  addDatabaseCommands(program);
  addConfigCommands(program);
  addDoctorCommand(program);
  addSupportBundleCommand(program);
  addAccountCommands(program);
  addIncidentCommands(program);
  addBackupCommands(program);
  addRestoreCommands(program);
  addBackupKeyCommands(program);
  addKeyCommands(program);
  addTokenCommands(program);
  addCompletionCommands(program); // the last one: it completes those before it
  return program;
}
