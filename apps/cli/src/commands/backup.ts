import {
  BackupCatalogue,
  BackupDrills,
  BackupRestoreService,
  BackupStatus,
  BackupUpkeep,
  type BackupView,
  backupView,
  verificationView,
} from '@app/backup';
import { DevicesService } from '@app/devices';
import { administrator, AppError } from '@app/kernel';
import { type Command } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { WorkProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './device-user.js';

const LISTED = 200;

/** `holdfast backup …` */
export function addBackupCommands(program: Command): void {
  const backup = program
    .command('backup')
    .description('copies of everybody on a terminal, fingerprints and faces included');
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
    .option('--json', 'one JSON document on standard output')
    .action((wanted: string[], options: { json?: boolean }) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const devices = await Promise.all(wanted.map((each) => app.get(DevicesService).resolve(each)));
          const made: BackupView[] = [];
          const failed: { device_id: string; code: string; message: string }[] = [];
          for (const device of devices) {
            const bar = new WorkProgressBar(device.name);
            try {
              const making = app
                .get(BackupRestoreService)
                .backupDeviceUsers(device, { actor: administrator('cli'), signal, onProgress: bar.show });
              const view = backupView(await making.catch(namingTheServer('POST /api/device-users/backups')));
              made.push(view);
              if (!json) printMade(device.name, view);
            } catch (error) {
              if (!(error instanceof AppError) || devices.length === 1) throw error;
              failed.push({ device_id: device.id, code: error.code, message: error.message });
              tell(`holdfast: "${device.name}" is not backed up: ${error.message}`);
            } finally {
              bar.end();
            }
          }
          if (json) printJson({ backups: made, failed });
          return failed.length > 0 ? ExitCode.SOME_FAILED : ExitCode.DONE;
        }),
      ),
    );
}

function addList(backup: Command): void {
  backup
    .command('list')
    .description(`show the last ${LISTED} backups, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .option('--json', 'one JSON document on standard output')
    .action((options: { device?: string; json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const { device } = options;
          const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
          const { items, nextCursor } = await app
            .get(BackupRestoreService)
            .listBackups({ deviceId }, { limit: LISTED });
          const views = items.map(backupView);
          if (json) printJson({ backups: views, more: nextCursor !== null });
          else printData(table(['backup', 'users', 'credentials', 'state', 'drill', 'for', 'lacks'], views.map(rowOf)));
          if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device`);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addStatus(backup: Command): void {
  backup
    .command('status')
    .description('show for every terminal its newest backups, when the next is due, and what failed')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          // Whether a server makes backups by itself is not known here.
          const { running: _, ...status } = await app.get(BackupStatus).describe();
          if (json) printJson(status);
          else {
            const head = ['device', 'newest backup', 'newest good one', 'next due', 'failures', 'last failure'];
            const rows = status.items.map((item) => [
              item.device_name,
              item.newest,
              item.newest_good,
              item.next_due_at?.toISOString() ?? null,
              item.failures,
              item.last_failure_code,
            ]);
            printData(table(head, rows));
            if (!status.encrypted)
              tell('Backups hold neither PINs nor fingerprints nor faces: run `holdfast keys generate`');
            else if (!status.readable_here) tell('This host can write backups, and has no key to read them again');
          }
          return ExitCode.DONE;
        }),
      ),
    );
}

function addInspect(backup: Command): void {
  backup
    .command('inspect <filename>')
    .description('show what a backup holds: counts, and what it lacks; no secrets')
    .option('--json', 'one JSON document on standard output')
    .action((filename: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const view = backupView(await app.get(BackupCatalogue).get(filename));
          if (json) printJson(view);
          else
            printData(
              table(
                ['what', 'value'],
                Object.entries(view).map(([key, value]) => [key.replaceAll('_', ' '), textOf(value)]),
              ),
            );
          return ExitCode.DONE;
        }),
      ),
    );
}

function addVerify(backup: Command): void {
  backup
    .command('verify [filenames...]')
    .description(
      'read backups from beginning to end, all of them unless some are named; exits with 3 when one is not whole',
    )
    .option('--json', 'one JSON document on standard output')
    .action((filenames: string[], options: { json?: boolean }) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const catalogue = app.get(BackupCatalogue);
          const backups =
            filenames.length > 0
              ? await Promise.all(filenames.map((each) => catalogue.get(each)))
              : await catalogue.findKept();
          const views = [];
          for (const each of backups) {
            signal.throwIfAborted();
            const view = verificationView(await app.get(BackupUpkeep).verify(each, administrator('cli')));
            views.push(view);
            if (!json)
              printData(`${view.result.padEnd(15)} ${view.filename}${view.reason === null ? '' : `: ${view.reason}`}`);
          }
          if (json) printJson({ backups: views });
          return views.every(({ result }) => result === 'valid') ? ExitCode.DONE : ExitCode.SOME_FAILED;
        }),
      ),
    );
}

function addDrill(backup: Command): void {
  backup
    .command('drill <filename>')
    .description(
      'try a backup out: restore it into an emulated terminal and compare, field by field; exits with 1 when it is not good',
    )
    .option('--json', 'one JSON document on standard output')
    .action((filename: string, options: { json?: boolean }) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const found = await app.get(BackupCatalogue).get(filename);
          const bar = new WorkProgressBar('drill');
          const drilling = app.get(BackupDrills).drill(found, administrator('cli'), { signal, onProgress: bar.show });
          const { backup: drilled, report } = await drilling.finally(bar.end);
          if (json) printJson({ ...backupView(drilled), differences: report.differences });
          else if (report.good)
            printData(`${filename} is good: ${report.users} users came out as they went in, in ${drilled.drillMs} ms`);
          else printData(`${filename} is NOT good:\n${report.differences.map((line) => `  ${line}`).join('\n')}`);
          return report.good ? ExitCode.DONE : ExitCode.FAILED;
        }),
      ),
    );
}

function addPrune(backup: Command): void {
  backup
    .command('prune')
    .description('remove backups whose time is over; never the newest, the largest, or those of a terminal in trouble')
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const removed = await app.get(BackupUpkeep).removeOld(administrator('cli'));
          if (json) printJson({ removed: removed.map(({ filename }) => filename) });
          else
            printData(
              removed.length === 0
                ? 'No backup is old enough to go'
                : removed.map(({ filename }) => filename).join('\n'),
            );
          return ExitCode.DONE;
        }),
      ),
    );
}

function printMade(deviceName: string, view: BackupView): void {
  printData(`${view.filename}: ${view.users} users with ${view.credentials} credentials of "${deviceName}"`);
  for (const what of view.lacking) tell(`It lacks: ${what}`);
}

function rowOf(view: BackupView): (string | number | null)[] {
  const { filename, users, credentials, state, drill_result: drill, trigger, lacking } = view;
  return [filename, users, credentials, state, drill, trigger.replaceAll('_', ' '), lacking.join(', ')];
}

function textOf(value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (value instanceof Date) return value.toISOString();
  return Array.isArray(value) ? value.join(', ') : String(value);
}
