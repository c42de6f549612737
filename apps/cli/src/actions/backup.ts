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
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { WorkProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './naming-the-server.js';

export const create = (wanted: string[], options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      const devices = await Promise.all(wanted.map((each) => app.get(DevicesService).resolve(each)));
      const made: BackupView[] = [];
      const failed: { device_id: string; code: string; message: string }[] = [];
      whenInterrupted(() => `${made.length} of ${devices.length} terminals are backed up, the others are not`);
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
          if (!(error instanceof AppError) || devices.length === 1 || signal.aborted) throw error;
          failed.push({ device_id: device.id, code: error.code, message: error.message });
          tell(`holdfast: "${device.name}" is not backed up: ${error.message}`);
        } finally {
          bar.end();
        }
      }
      if (json) printJson({ backups: made, failed });
      return failed.length > 0 ? ExitCode.SOME_FAILED : ExitCode.DONE;
    }),
  );

export const list = (options: { device?: string; json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { device } = options;
      const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
      const { items, nextCursor } = await app.get(BackupRestoreService).listBackups({ deviceId }, { limit: LISTED });
      const views = items.map(backupView);
      if (json) printItems(lines, 'backups', views, { more: nextCursor !== null });
      else printData(table(['backup', 'users', 'credentials', 'state', 'drill', 'for', 'lacks'], views.map(rowOf)));
      if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device`);
      return ExitCode.DONE;
    }),
  );

export const status = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      // Whether a server makes backups by itself is not known here.
      const { running: _, ...status } = await app.get(BackupStatus).describe();
      const { items: __, ...rest } = status;
      if (json) printItems(lines, 'items', status.items, rest);
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
  );

export const inspect = (filename: string, options: { json?: boolean }): Promise<void> =>
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
  );

export const verify = (filenames: string[], options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      const catalogue = app.get(BackupCatalogue);
      const backups =
        filenames.length > 0
          ? await Promise.all(filenames.map((each) => catalogue.get(each)))
          : await catalogue.findKept();
      const views: ReturnType<typeof verificationView>[] = [];
      whenInterrupted(() => `${views.length} of ${backups.length} backups were verified, the others were not`);
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
  );

export const drill = (filename: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      whenInterrupted(() => `whether ${filename} is good is not known; no terminal was touched`);
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
  );

export const prune = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const removed = await app.get(BackupUpkeep).removeOld(administrator('cli'));
      if (json) printJson({ removed: removed.map(({ filename }) => filename) });
      else
        printData(
          removed.length === 0 ? 'No backup is old enough to go' : removed.map(({ filename }) => filename).join('\n'),
        );
      return ExitCode.DONE;
    }),
  );

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
