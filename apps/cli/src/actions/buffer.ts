import { type BufferedUserView, bufferedUserView, BufferMappingService, DeviceUserBufferService } from '@app/buffer';
import { DevicesService } from '@app/devices';
import { administrator, type PersonType } from '@app/kernel';
import { SuggestionsService, type SuggestionView, suggestionsForUserView, suggestionView } from '@app/suggestions';
import { type INestApplicationContext } from '@nestjs/common';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { LISTED } from '../listed.js';
import { printable, printData, printItems, printJson, table, tell } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';

interface ListOptions {
  readonly device?: string;
  readonly status?: 'unmapped' | 'mapped' | 'conflict';
  readonly text?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

interface SuggestOptions {
  readonly device?: string;
  readonly json?: boolean;
  readonly jsonl?: boolean;
}

interface JsonOption {
  readonly json?: boolean;
}

export const list = (options: ListOptions): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const { status, text } = options;
      const filter = { deviceId: await deviceIdOf(app, options.device), status, text };
      const { items, nextCursor } = await app.get(DeviceUserBufferService).listBuffer(filter, { limit: LISTED });
      const views = items.map(bufferedUserView);
      if (json) printItems(lines, 'users', views, { more: nextCursor !== null });
      else
        printData(table(['row', 'device', 'user', 'name', 'card', 'status', 'person', 'last seen'], views.map(rowOf)));
      if (nextCursor !== null) tell(`holdfast: there are more than ${LISTED}; narrow it with --device or --status`);
      return ExitCode.DONE;
    }),
  );

export const map = (row: string, type: PersonType, personId: string, options: JsonOption): Promise<void> =>
  change(row, options, 'is mapped now', async (app, id) => {
    const person = { personId: rowId(personId), personType: type };
    await app.get(DeviceUserBufferService).markAsMapped(id, person, administrator('cli'));
  });

export const unmap = (row: string, options: JsonOption & { as: 'ended' | 'mistaken' }): Promise<void> =>
  change(row, options, 'waits for a mapping again', async (app, id) => {
    await app.get(BufferMappingService).unmap(id, options.as, administrator('cli'));
  });

export const ignore = (row: string, options: JsonOption & { reason: string }): Promise<void> =>
  change(row, options, 'is put aside; it stays in the buffer and on the terminal', async (app, id) => {
    await app.get(BufferMappingService).ignore(id, options.reason, administrator('cli'));
  });

export const unignore = (row: string, options: JsonOption): Promise<void> =>
  change(row, options, 'is taken up again', async (app, id) => {
    await app.get(BufferMappingService).notice(id, administrator('cli'));
  });

export const suggest = (row: string | undefined, options: SuggestOptions): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const suggestions = app.get(SuggestionsService);
      if (row !== undefined) {
        const views = (await suggestions.forUser(rowId(row), 10)).map(suggestionView);
        if (json) printItems(lines, 'items', views);
        else if (views.length === 0) tell('Nobody resembles this user.');
        else printData(table(['person', 'name', 'score', 'why'], views.map(suggestionRow)));
        return ExitCode.DONE;
      }
      const filter = { deviceId: await deviceIdOf(app, options.device), minScore: 0.3 };
      const { items, nextCursor } = await suggestions.list(filter, { limit: 50 });
      const views = items.map(suggestionsForUserView);
      if (json) printItems(lines, 'items', views, { more: nextCursor !== null });
      else {
        const rows = views.map((view) => {
          const [best] = view.suggestions;
          return [view.id, view.device_user_id, view.name, ...(best ? suggestionRow(best) : [null, null, null, null])];
        });
        printData(table(['row', 'user', 'name on the terminal', 'person', 'name', 'score', 'why'], rows));
        if (nextCursor !== null) tell('holdfast: these are the first; map or ignore some, or narrow it with --device');
      }
      return ExitCode.DONE;
    }),
  );

/** Changes a row of the buffer and shows it. */
function change(
  row: string,
  options: JsonOption,
  outcome: string,
  work: (app: INestApplicationContext, id: string) => Promise<void>,
): Promise<void> {
  return runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const id = rowId(row);
      await work(app, id);
      const view = bufferedUserView(await app.get(DeviceUserBufferService).get(id));
      if (json) printJson(view);
      else printData(`User ${view.device_user_id}${view.name ? ` (${printable(view.name)})` : ''} ${outcome}`);
      return ExitCode.DONE;
    }),
  );
}

async function deviceIdOf(app: INestApplicationContext, device: string | undefined): Promise<string | undefined> {
  return device === undefined ? undefined : (await app.get(DevicesService).resolve(device)).id;
}

function rowOf(view: BufferedUserView): (string | null)[] {
  const person = view.mapped_to_person_id && `${view.mapped_to_person_type} ${view.mapped_to_person_id}`;
  const status = view.ignored_at ? `${view.mapping_status} (put aside)` : view.mapping_status;
  return [view.id, view.device_id, view.device_user_id, view.name, view.card_number, status, person, view.last_seen_at];
}

function suggestionRow(view: SuggestionView): (string | number)[] {
  const why = view.reasons.map(({ detail }) => detail).join('; ');
  return [`${view.person_type} ${view.person_id}`, view.name, view.score, why];
}
