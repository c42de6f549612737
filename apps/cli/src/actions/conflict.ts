import {
  type Choices,
  COMPARED_ATTRIBUTES,
  ConflictDetailView,
  conflictDetailView,
  ConflictResolutionService,
  type ConflictType,
  type ConflictView,
  conflictView,
  type Strategy,
} from '@app/conflict';
import { DevicesService } from '@app/devices';
import { administrator } from '@app/kernel';
import { type INestApplicationContext } from '@nestjs/common';
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printData, printJson, table, tell, printItems } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';
import { namingTheServer } from './naming-the-server.js';

interface ResolveOptions {
  readonly strategy: Strategy;
  readonly choose: Choices;
  readonly notes?: string;
  readonly shortenName?: boolean;
  readonly yes?: boolean;
  readonly confirmTripped?: boolean;
  readonly seen?: string;
  readonly json?: boolean;
}

export const list = (options: {
  device?: string;
  type?: ConflictType;
  resolved?: boolean;
  json?: boolean;
  jsonl?: boolean;
}): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { device, type, resolved = false } = options;
      const deviceId = device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
      const filter = { deviceId, type, resolved };
      const { items, nextCursor } = await app.get(ConflictResolutionService).listConflicts(filter, { limit: LISTED });
      const views = items.map(conflictView);
      if (json) printItems(lines, 'conflicts', views, { more: nextCursor !== null });
      else printData(table(['conflict', 'device', 'user', 'name', 'type', 'differs in', 'since'], views.map(rowOf)));
      if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device or --type`);
      return ExitCode.DONE;
    }),
  );

export const show = (id: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const view = conflictDetailView(await app.get(ConflictResolutionService).describeConflict(rowId(id)));
      if (json) printJson(view);
      else printDetail(view);
      return ExitCode.DONE;
    }),
  );

export const resolve = (id: string, options: ResolveOptions): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const { strategy, choose, notes, shortenName, confirmTripped, seen: version } = options;
      const choices = Object.keys(choose).length > 0 ? choose : undefined;
      // Following the device changes the database alone.
      if (strategy !== 'use_device' && !options.yes) await confirm(app, rowId(id), signal);
      const settled = await app
        .get(ConflictResolutionService)
        .resolveConflict(
          rowId(id),
          { strategy, choices, notes, shortenName, confirmTripped, version, signal },
          administrator('cli'),
        )
        .catch(namingTheServer(`POST /api/device-users/conflicts/${id}/resolve`));
      if (json) printJson(conflictView(settled));
      else printData(`Conflict ${id} is settled: terminal and database agree, as a read of the user confirms`);
      return ExitCode.DONE;
    }),
  );

/** What is written to a terminal is meant. */
async function confirm(app: INestApplicationContext, id: string, signal: AbortSignal): Promise<void> {
  const { conflict } = await app.get(ConflictResolutionService).describeConflict(id);
  const { name } = await app.get(DevicesService).get(conflict.deviceId);
  const question = `Type the ID ${conflict.deviceUserId} to let this user be changed on "${name}": `;
  await confirmByTyping(question, conflict.deviceUserId, signal);
}

function rowOf(view: ConflictView): (string | null)[] {
  const name = view.database_data.name ?? view.device_data.name ?? null;
  const about = view.claims.length > 0 ? view.claims.map((claim) => claim.card_number) : view.differing;
  return [view.id, view.device_id, view.device_user_id, name, view.conflict_type, about.join(', '), view.detected_at];
}

function printDetail(view: ConflictDetailView): void {
  const { id, version, conflict_type: type, device_name: device, device_user_id: user, person } = view;
  const who = person ? `${person.person_type} ${person.id}` : 'nobody';
  printData(`Conflict ${id} (${type}), version ${version}: user ${user} of "${device}", mapped to ${who}`);
  const rows = COMPARED_ATTRIBUTES.map((attribute) => [
    view.differing.includes(attribute) ? `${attribute} *` : attribute,
    shown(view.device_data[attribute]),
    shown(view.database_data[attribute]),
    shown(view.agreed_data[attribute]),
    view.moved[attribute] ?? '',
  ]);
  printData(table(['attribute', 'terminal', 'database', 'last agreed', 'moved since'], rows));
  for (const { device_user_id: other, person_id: holder, name, card_number: card } of view.claims)
    printData(
      `card ${card} is also that of ${other === undefined ? `person ${holder}` : `user ${other}`} (${name ?? ''})`,
    );
  if (view.resolved) {
    const how = view.resolution_strategy ?? view.resolution_notes ?? '';
    printData(`settled at ${view.resolved_at} by ${view.resolved_by}: ${how}`);
    return;
  }
  const strategies = view.strategies.map(({ strategy, outcomes, refused }) => [
    strategy,
    refused === null
      ? outcomes.map(({ attribute, from }) => `${attribute}: ${from}`).join(', ')
      : `refused: ${refused}`,
  ]);
  printData(table(['strategy', 'what it would take'], strategies));
  for (const warning of new Set(view.strategies.flatMap(({ warnings }) => warnings))) tell(`note: ${warning}`);
}

/** Nothing at all for what was never told, and a dash for none. */
function shown(value: string | number | boolean | null | undefined): string {
  if (value === undefined) return '';
  return value === null ? '-' : String(value);
}
