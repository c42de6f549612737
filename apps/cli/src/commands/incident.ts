import { DevicesService } from '@app/devices';
import { administrator, canonicalDeviceUserId } from '@app/kernel';
import {
  DeviceUserMonitoringService,
  type IncidentDetailView,
  incidentDetailView,
  INCIDENT_STATES,
  IncidentsService,
  type IncidentState,
  type IncidentView,
  incidentView,
} from '@app/monitoring';
import { type Command, Option } from 'commander';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './device-user.js';

const LISTED = 200;

/** `holdfast incident …` */
export function addIncidentCommands(program: Command): void {
  const incident = program.command('incident').description('users who vanished from a terminal, and what did it');
  addList(incident);
  addShow(incident);
  addAcknowledge(incident);
  addIntended(incident);
  addCheck(incident);
}

function addList(incident: Command): void {
  incident
    .command('list')
    .description(`show the last ${LISTED} incidents, newest first`)
    .option('--device <device>', 'only of this device: id, short name or name')
    .addOption(new Option('--state <state>', 'only in this state').choices([...INCIDENT_STATES]))
    .option('--json', 'one JSON document on standard output')
    .action((options: { device?: string; state?: IncidentState; json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const { device, state } = options;
          const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
          const { items, nextCursor } = await app.get(IncidentsService).list({ deviceId, state }, { limit: LISTED });
          const views = items.map(incidentView);
          const head = ['incident', 'device', 'level', 'state', 'missing', 'of', 'since', 'probably'];
          if (json) printJson({ incidents: views, more: nextCursor !== null });
          else printData(table(head, views.map(rowOf)));
          if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device or --state`);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addShow(incident: Command): void {
  incident
    .command('show <incident>')
    .description('show who is missing since when, and what speaks for which cause')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, options: { json?: boolean }) =>
      runCommand(options, ({ json }) =>
        withServices(async (app) => {
          const view = incidentDetailView(await app.get(IncidentsService).describe(rowId(id)));
          if (json) printJson(view);
          else printDetail(view);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addAcknowledge(incident: Command): void {
  incident
    .command('acknowledge <incident>')
    .description('accept the loss: nobody of the incident is looked for any more; writes nothing to the terminal')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, { reason, json: asJson }: { reason: string; json?: boolean }) =>
      runCommand({ json: asJson }, ({ json }) =>
        withServices(async (app) => {
          const decision = { reason, actor: administrator('cli') };
          const view = incidentDetailView(await app.get(IncidentsService).acknowledge(rowId(id), decision));
          if (json) printJson(view);
          else printData(`Incident ${id} is acknowledged: "${view.device_name}" is compared with what it holds now`);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addIntended(incident: Command): void {
  incident
    .command('intended <incident> <ids...>')
    .description('mark these users as gone on purpose; the others are still looked for')
    .requiredOption('--reason <text>', 'why; stays in the audit log')
    .option('--json', 'one JSON document on standard output')
    .action((id: string, ids: string[], { reason, json: asJson }: { reason: string; json?: boolean }) =>
      runCommand({ json: asJson }, ({ json }) =>
        withServices(async (app) => {
          const deviceUserIds = ids.map((each) => canonicalDeviceUserId(each));
          const decision = { reason, deviceUserIds, actor: administrator('cli') };
          const view = incidentDetailView(await app.get(IncidentsService).markIntended(rowId(id), decision));
          if (json) printJson(view);
          else printData(`Incident ${id} is ${view.state}; ${view.missing_users} are still missing`);
          return ExitCode.DONE;
        }),
      ),
    );
}

function addCheck(incident: Command): void {
  incident
    .command('check <device>')
    .description('read the users of a terminal now, and say who is missing; exits with 3 when somebody is')
    .option('--json', 'one JSON document on standard output')
    .action((wanted: string, options: { json?: boolean }) =>
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
      ),
    );
}

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
