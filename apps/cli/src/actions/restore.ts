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
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { WorkProgressBar } from '../progress.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './naming-the-server.js';

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

export const plan = (filename: string, options: PlanOptions): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      whenInterrupted(() => 'there is no plan, and the terminal was only read');
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
  );

export const incident = (id: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      whenInterrupted(() => 'there is no plan, and the terminal was only read');
      const restores = app.get(Restores);
      const request = await restores.requestFor(rowId(id), administrator('cli'));
      const planning = withBar((onProgress) => restores.plan({ ...request, signal, onProgress }));
      const report = await planning.catch(namingTheServer(`POST /api/device-users/incidents/${id}/restore`));
      await showPlan(app, restoreView(report), json);
      return ExitCode.DONE;
    }),
  );

export const list = (options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { items } = await app.get(RestoreRepository).list({}, { limit: LISTED });
      const views = await Promise.all(items.map(async ({ id }) => restoreView(await app.get(Restores).describe(id))));
      const head = ['restore', 'device', 'state', 'create', 'update', 'refused', 'restored', 'failed', 'by', 'at'];
      if (json) printItems(lines, 'restores', views);
      else printData(table(head, views.map(rowOf)));
      return ExitCode.DONE;
    }),
  );

export const show = (id: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      await showPlan(app, restoreView(await app.get(Restores).describe(rowId(id))), json);
      return ExitCode.DONE;
    }),
  );

export const apply = (id: string, options: ApplyOptions): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      const restores = app.get(Restores);
      const { restore: planned, tally } = await restores.describe(rowId(id));
      const device = await app.get(DevicesService).get(planned.deviceId);
      const { create, update } = tally.byAction;
      const question = `Type ${device.slug} to create ${create} and update ${update} users on "${device.name}": `;
      if (!options.yes) await confirmByTyping(question, device.slug, signal);
      const request = { actor: administrator('cli'), confirmTripped: options.confirmTripped, signal };
      let written = 0;
      const applying = withBar((onBar) => {
        whenInterrupted(() => tellApplied(planned.id, written, create + update));
        const onProgress = (progress: RestoreProgress): void => {
          if (progress.stage === 'writing') written = progress.done;
          onBar(progress);
        };
        return restores.apply(planned.id, { ...request, onProgress });
      });
      const view = restoreView(await applying.catch(namingTheServer(`POST /api/device-users/restores/${id}/apply`)));
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
  );

export const cancel = (id: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const view = restoreView(await app.get(Restores).cancel(rowId(id), administrator('cli')));
      if (json) printJson(view);
      else printData(`Restore ${id} is cancelled; ${view.counts.restored} users had been brought back`);
      return ExitCode.DONE;
    }),
  );

/** A restore that has begun is not over because who began it has gone. */
function tellApplied(id: string, written: number, of: number): string {
  return (
    `at least ${written} of ${of} users are dealt with. The server goes on with the rest by itself; ` +
    `see: holdfast restore show ${id}, end it: holdfast restore cancel ${id}`
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
