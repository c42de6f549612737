import { DeviceError } from '@app/device-gateway';
import { type DeletionView, deletionView, DeviceUserDeletions, undoneDeletionView } from '@app/device-writer';
import { DevicesService } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import { type Command } from 'commander';
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printable, printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

const LISTED = 200;

interface DeleteOptions {
  readonly reason: string;
  readonly yes?: boolean;
  readonly confirmTripped?: boolean;
  readonly json?: boolean;
}

/** What a write to a terminal needs from whom it has lost many users. */
export const CONFIRM_TRIPPED = 'write although many users are missing from the terminal (see `incident list`)';

/** `holdfast device-user …` */
export function addDeviceUserCommands(program: Command): void {
  const deviceUser = program.command('device-user').description('delete a user from a terminal, and bring it back');
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
    .option('--json', 'one JSON document on standard output')
    .action((wanted: string, id: string, { reason, yes, confirmTripped, json: asJson }: DeleteOptions) =>
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
      ),
    );
}

function addUndelete(deviceUser: Command): void {
  deviceUser
    .command('undelete <deletion>')
    .description('bring a deleted user back with every credential; `deletions` shows the numbers')
    .option('--confirm-tripped', CONFIRM_TRIPPED)
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { confirmTripped?: boolean; json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const undoing = app.get(DeviceUserDeletions).undo(id, administrator('cli'), options);
          const undo = `POST /api/device-users/deletions/${id}/undo`;
          const view = undoneDeletionView(await undoing.catch(namingTheServer(undo)));
          if (json) printJson(view);
          else
            printData(
              `${whom(view)} is back${view.slot_changed ? `, in slot ${view.slot}, since its own is taken` : ''}`,
            );
          return ExitCode.DONE;
        }),
      ),
    );
}

function addDeletions(deviceUser: Command): void {
  deviceUser
    .command('deletions')
    .description(`show the last ${LISTED} deletions, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .option('--json', 'one JSON document on standard output')
    .action((options: { device?: string; json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const { device } = options;
          const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
          const { items } = await app.get(DeviceUserDeletions).list({ deviceId, limit: LISTED });
          const views = items.map(deletionView);
          if (json) printJson({ deletions: views });
          else
            printData(table(['deletion', 'device', 'user', 'name', 'state', 'by', 'at', 'reason'], views.map(rowOf)));
          return ExitCode.DONE;
        }),
      ),
    );
}

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

/** A terminal that dials in is connected to a server, and never to a command. */
export function namingTheServer(request: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof DeviceError && error.code === 'device/not-connected') {
      const message = `${error.message}. A command never has such a terminal: ask the server, ${request}`;
      throw new DeviceError(error.code, message, { cause: error, stage: error.stage });
    }
    throw error;
  };
}
