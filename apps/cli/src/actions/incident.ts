import { DevicesService } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import {
  DeviceUserMonitoringService,
  type IncidentDetailView,
  incidentDetailView,
  IncidentsService,
  type IncidentState,
  type IncidentView,
  incidentView,
} from '@app/monitoring';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './naming-the-server.js';

export const list = (options: {
  device?: string;
  state?: IncidentState;
  json?: boolean;
  jsonl?: boolean;
}): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { device, state } = options;
      const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
      const { items, nextCursor } = await app.get(IncidentsService).list({ deviceId, state }, { limit: LISTED });
      const views = items.map(incidentView);
      const head = ['incident', 'device', 'level', 'state', 'missing', 'of', 'since', 'probably'];
      if (json) printItems(lines, 'incidents', views, { more: nextCursor !== null });
      else printData(table(head, views.map(rowOf)));
      if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device or --state`);
      return ExitCode.DONE;
    }),
  );

export const show = (id: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const view = incidentDetailView(await app.get(IncidentsService).describe(rowId(id)));
      if (json) printJson(view);
      else printDetail(view);
      return ExitCode.DONE;
    }),
  );

export const acknowledge = (id: string, { reason, json: asJson }: { reason: string; json?: boolean }): Promise<void> =>
  runCommand({ json: asJson }, ({ json }) =>
    withServices(async (app) => {
      const decision = { reason, actor: administrator('cli') };
      const view = incidentDetailView(await app.get(IncidentsService).acknowledge(rowId(id), decision));
      if (json) printJson(view);
      else printData(`Incident ${id} is acknowledged: "${view.device_name}" is compared with what it holds now`);
      return ExitCode.DONE;
    }),
  );

export const intended = (
  id: string,
  ids: string[],
  { reason, json: asJson }: { reason: string; json?: boolean },
): Promise<void> =>
  runCommand({ json: asJson }, ({ json }) =>
    withServices(async (app) => {
      const deviceUserIds = ids.map((each) => canonicalDeviceUserId(each));
      const decision = { reason, deviceUserIds, actor: administrator('cli') };
      const view = incidentDetailView(await app.get(IncidentsService).markIntended(rowId(id), decision));
      if (json) printJson(view);
      else printData(`Incident ${id} is ${view.state}; ${view.missing_users} are still missing`);
      return ExitCode.DONE;
    }),
  );

export const check = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const device = await app.get(DevicesService).resolve(wanted);
      const checking = app
        .get(DeviceUserMonitoringService)
        .checkForMissingUsers(device, { actor: administrator('cli'), signal });
      const found = await checking.catch(namingTheServer(`POST /api/devices/${device.id}/sync`));
      const { missing, newlyMissing } = found;
      if (json) printJson({ device_id: device.id, missing, newly_missing: newlyMissing });
      else if (missing.length === 0) printData(`Nobody is missing from "${device.name}"`);
      else printData(`${missing.length} missing from "${device.name}": ${missing.join(', ')}`);
      return missing.length === 0 ? ExitCode.DONE : ExitCode.SOME_FAILED;
    }),
  );

function rowOf(view: IncidentView): (string | null)[] {
  const { id, device_id: device, level, state, missing_users: missing, known_users: known, opened_at: since } = view;
  const probable = view.causes[0];
  const cause = probable ? `${probable.cause} (${probable.confidence})` : null;
  return [id, device, level, state, String(missing), String(known), since.toISOString(), cause];
}

function printDetail(view: IncidentDetailView): void {
  const { id, level, state, device_name: device, missing_users: missing, known_users: known } = view;
  printData(`Incident ${id} of "${device}": ${state}, ${level}; ${missing} of ${known} users are missing`);
  printData(
    `The last read with everybody: ${view.last_complete_at.toISOString()}; noticed ${view.opened_at.toISOString()}`,
  );
  const rows = view.users.map((user) => [
    user.device_user_id,
    user.name,
    user.person_id === null ? null : `${user.person_type} ${user.person_id}`,
    user.state,
    user.last_seen_at.toISOString(),
    user.missing_since.toISOString(),
  ]);
  printData(table(['user', 'name', 'person', 'state', 'last seen', 'first missing'], rows));
  for (const { cause, confidence, evidence } of view.causes) {
    printData(`${cause.replaceAll('_', ' ')} (${confidence})`);
    for (const fact of evidence) printData(`  ${fact}`);
  }
  if (view.closed_at)
    printData(`Closed ${view.closed_at.toISOString()} by ${view.closed_by}: ${view.close_reason ?? ''}`);
}
