import {
  BackupRestoreService,
  type RestoreProgress,
  RestoreRepository,
  Restores,
  restoreUserView,
  type RestoreUserView,
  type RestoreView,
  restoreView,
} from '@app/backup';
import { DevicesService } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { type INestApplicationContext } from '@nestjs/common';
import { type Command } from 'commander';
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { WorkProgressBar } from '../progress.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { CONFIRM_TRIPPED, namingTheServer } from './device-user.js';

const LISTED = 200;

interface PlanOptions {
  readonly to?: string;
  readonly users?: string[];
  readonly onlyMissing?: boolean;
  readonly reason?: string;
  readonly json?: boolean;
}

interface ApplyOptions {
  readonly yes?: boolean;
  readonly confirmTripped?: boolean;
  readonly json?: boolean;
}

/** `holdfast restore …` */
export function addRestoreCommands(program: Command): void {
  const restore = program
    .command('restore')
    .description('bring people back: plan, look at the plan, apply exactly that plan')
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  holdfast restore incident 17                 plan to bring back just those whom incident 17 misses\n' +
        '  holdfast restore plan <backup> --only-missing\n' +
        '  holdfast restore show 4\n' +
        '  holdfast restore apply 4\n',
    );
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
    .option('--json', 'one JSON document on standard output')
    .action((filename: string, options: PlanOptions) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const { to, users, onlyMissing, reason } = options;
          const deviceId = to === undefined ? undefined : (await app.get(DevicesService).resolve(to)).id;
          const deviceUserIds = users?.map((id) => canonicalDeviceUserId(id));
          const request = { actor: administrator('cli'), deviceId, deviceUserIds, onlyMissing, reason, signal };
          const planning = withBar((onProgress) =>
            app.get(BackupRestoreService).planRestore(filename, { ...request, onProgress }),
          );
          const report = await planning.catch(namingTheServer('POST /api/device-users/restores'));
          await showPlan(app, restoreView(report), json);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addIncident(restore: Command): void {
  restore
    .command('incident <incident>')
    .description(
      'plan to bring back just those whom an incident misses, each from the newest good backup that holds him',
    )
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const restores = app.get(Restores);
          const request = await restores.requestFor(rowId(id), administrator('cli'));
          const planning = withBar((onProgress) => restores.plan({ ...request, signal, onProgress }));
          const report = await planning.catch(namingTheServer(`POST /api/device-users/incidents/${id}/restore`));
          await showPlan(app, restoreView(report), json);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addList(restore: Command): void {
  restore
    .command('list')
    .description(`show the last ${LISTED} restores, newest first`)
    .option('--json', 'one JSON document on standard output')
    .action((options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const { items } = await app.get(RestoreRepository).list({}, { limit: LISTED });
          const views = await Promise.all(
            items.map(async ({ id }) => restoreView(await app.get(Restores).describe(id))),
          );
          const head = ['restore', 'device', 'state', 'create', 'update', 'refused', 'restored', 'failed', 'by', 'at'];
          if (json) printJson({ restores: views });
          else printData(table(head, views.map(rowOf)));
          return ExitCode.DONE;
        }),
      ),
    );
}

function addShow(restore: Command): void {
  restore
    .command('show <restore>')
    .description('show what is planned for each user, and what became of it')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          await showPlan(app, restoreView(await app.get(Restores).describe(rowId(id))), json);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addApply(restore: Command): void {
  restore
    .command('apply <restore>')
    .description(
      'carry out exactly this plan, if the terminal still is as it was planned for; exits with 3 when users failed',
    )
    .option('--yes', 'do not ask; without it, the name of the terminal has to be typed')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: ApplyOptions) =>
      runCommand(options, ({ json, signal }) =>
        withServices(async (app) => {
          const restores = app.get(Restores);
          const { restore: planned, tally } = await restores.describe(rowId(id));
          const device = await app.get(DevicesService).get(planned.deviceId);
          const { create, update } = tally.byAction;
          const question = `Type ${device.slug} to create ${create} and update ${update} users on "${device.name}": `;
          if (!options.yes) await confirmByTyping(question, device.slug, signal);
          const request = { actor: administrator('cli'), confirmTripped: options.confirmTripped, signal };
          const applying = withBar((onProgress) => restores.apply(planned.id, { ...request, onProgress }));
          const view = restoreView(
            await applying.catch(namingTheServer(`POST /api/device-users/restores/${id}/apply`)),
          );
          const { counts } = view;
          if (json) printJson(view);
          else
            printData(
              `${counts.restored} users are back on "${device.name}", proven; ${counts.unchanged} unchanged, ` +
                `${counts.refused} refused, ${counts.failed} failed`,
            );
          if (counts.failed > 0) tell(`See: holdfast restore show ${id}`);
          return counts.failed > 0 ? ExitCode.SOME_FAILED : ExitCode.DONE;
        }),
      ),
    );
}

function addCancel(restore: Command): void {
  restore
    .command('cancel <restore>')
    .description('give a plan up, or end a restore between two parts; whoever was brought back stays')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const view = restoreView(await app.get(Restores).cancel(rowId(id), administrator('cli')));
          if (json) printJson(view);
          else printData(`Restore ${id} is cancelled; ${view.counts.restored} users had been brought back`);
          return ExitCode.DONE;
        }),
      ),
    );
}

async function withBar<T>(work: (onProgress: (progress: RestoreProgress) => void) => Promise<T>): Promise<T> {
  const bar = new WorkProgressBar('restore');
  try {
    return await work(bar.show);
  } finally {
    bar.end();
  }
}

/** Counts, and everybody but those for whom there is nothing to do. */
async function showPlan(
  app: INestApplicationContext,
  view: RestoreView & { readonly id: string },
  json: boolean,
): Promise<void> {
  const users: RestoreUserView[] = [];
  for (let cursor: string | undefined; ;) {
    const page = await app.get(RestoreRepository).listItems(view.id, undefined, { limit: LISTED, cursor });
    users.push(...page.items.map(restoreUserView));
    if (page.nextCursor === null) break;
    cursor = page.nextCursor;
  }
  if (json) return printJson({ ...view, users });
  const { create, update, unchanged, refused, restored, failed } = view.counts;
  printData(
    `Restore ${view.id} is ${view.state}: ${create} to create, ${update} to update, ${unchanged} unchanged, ${refused} refused; ` +
      `${restored} done, ${failed} failed`,
  );
  const rows = users
    .filter(({ action }) => action !== 'unchanged')
    .map((user) => [
      user.device_user_id,
      user.name,
      user.action,
      user.state,
      user.credentials_added,
      user.credentials_replaced,
      user.reason,
    ]);
  if (rows.length > 0) printData(table(['user', 'name', 'action', 'state', 'added', 'replaced', 'why'], rows));
  if (view.state === 'planned' && create + update > 0) tell(`To carry it out: holdfast restore apply ${view.id}`);
}

function rowOf(view: RestoreView): (string | number | null)[] {
  const { create, update, refused, restored, failed } = view.counts;
  return [
    view.id,
    view.device_id,
    view.state,
    create,
    update,
    refused,
    restored,
    failed,
    view.requested_by,
    view.created_at?.toISOString() ?? null,
  ];
}
