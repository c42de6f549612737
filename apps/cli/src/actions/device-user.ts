import { type DeletionView, deletionView, DeviceUserDeletions, undoneDeletionView } from '@app/device-writer';
import { DevicesService } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printable, printData, printJson, table, tell, printItems } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './naming-the-server.js';

interface DeleteOptions {
  readonly reason: string;
  readonly yes?: boolean;
  readonly confirmTripped?: boolean;
  readonly json?: boolean;
}

interface UndeleteOptions {
  readonly yes?: boolean;
  readonly confirmTripped?: boolean;
  readonly json?: boolean;
}

export const deleteDeviceUser = (
  wanted: string,
  id: string,
  { reason, yes, confirmTripped, json: asJson }: DeleteOptions,
): Promise<void> =>
  runCommand({ json: asJson }, ({ json, signal }) =>
    withServices(async (app) => {
      const device = await app.get(DevicesService).resolve(wanted);
      const deviceUserId = canonicalDeviceUserId(id);
      const question = `Type the ID ${deviceUserId} to delete this user from "${device.name}": `;
      if (!yes) await confirmByTyping(question, deviceUserId, signal);
      const deletions = app.get(DeviceUserDeletions);
      const request = { reason, actor: administrator('cli'), signal, confirmTripped };
      const view = deletionView(
        await deletions
          .delete(device, deviceUserId, request)
          .catch(namingTheServer(`DELETE /api/device-users/${device.id}/${deviceUserId}`)),
      );
      if (json) printJson(view);
      else printData(`${whom(view)} is deleted from "${device.name}", proven by a complete read`);
      tell(`To undo it: holdfast device-user undelete ${view.id}`);
      return ExitCode.DONE;
    }),
  );

export const undelete = (id: string, options: UndeleteOptions): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const deletions = app.get(DeviceUserDeletions);
      const { deviceId, deviceUserId } = await deletions.get(rowId(id));
      const device = await app.get(DevicesService).get(deviceId);
      const question = `Type the ID ${deviceUserId} to bring this user back to "${device.name}": `;
      if (!options.yes) await confirmByTyping(question, deviceUserId, signal);
      const undoing = deletions.undo(id, administrator('cli'), options);
      const undo = `POST /api/device-users/deletions/${id}/undo`;
      const view = undoneDeletionView(await undoing.catch(namingTheServer(undo)));
      if (json) printJson(view);
      else
        printData(`${whom(view)} is back${view.slot_changed ? `, in slot ${view.slot}, since its own is taken` : ''}`);
      return ExitCode.DONE;
    }),
  );

export const deletions = (options: { device?: string; json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { device } = options;
      const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
      const { items } = await app.get(DeviceUserDeletions).list({ deviceId, limit: LISTED });
      const views = items.map(deletionView);
      if (json) printItems(lines, 'deletions', views);
      else printData(table(['deletion', 'device', 'user', 'name', 'state', 'by', 'at', 'reason'], views.map(rowOf)));
      return ExitCode.DONE;
    }),
  );

function rowOf(view: DeletionView): (string | null)[] {
  return [
    view.id,
    view.device_id,
    view.device_user_id,
    view.name,
    view.state,
    view.deleted_by,
    view.deleted_at,
    view.reason,
  ];
}

function whom({ device_user_id: id, name }: DeletionView): string {
  return `User ${id}${name === null ? '' : ` (${printable(name)})`}`;
}
