import {
  type AttributeChangeView,
  DevicePastDiffService,
  DevicePastService,
  type PastDiffView,
  pastDiffView,
  type PastUserView,
  type PastUsersView,
  pastUsersView,
} from '@app/backup';
import { DevicesService } from '@app/devices';
import { AppError } from '@app/kernel';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printItems, printJson, table, tell } from '../output.js';
import { type CommandRun, runCommand } from '../run-command.js';

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/i;

export const diff = (wanted: string, options: { from: string; to?: string; json?: boolean }): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const { id } = await app.get(DevicesService).resolve(wanted);
      const range = {
        from: instant('--from', options.from),
        to: options.to === undefined ? undefined : instant('--to', options.to),
      };
      const view = pastDiffView(id, await app.get(DevicePastDiffService).diff(id, range));
      if (json) printJson(view);
      else printDiff(view);
      return view.known ? ExitCode.DONE : ExitCode.SOME_FAILED;
    }),
  );

/** What was typed is no moment. */
class BadInstantError extends AppError {
  readonly code = 'cli/bad-instant';
  readonly kind = 'invalid';

  constructor(option: string, text: string) {
    super(`${option} ${text} is no instant with its offset, such as 2026-01-31T09:45:00Z`);
  }
}

/** `holdfast device users <device> --at <instant>` */
export function showPastUsers(
  wanted: string,
  at: string,
  { json, lines }: Pick<CommandRun, 'json' | 'lines'>,
): Promise<ExitCode> {
  return withServices(async (app) => {
    const device = await app.get(DevicesService).resolve(wanted);
    const request = { at: instant('--at', at), limit: Number.MAX_SAFE_INTEGER };
    const view = pastUsersView(device.id, await app.get(DevicePastService).findUsersAt(device.id, request));
    if (lines) printItems(true, 'items', view.items);
    else if (json) printJson(view);
    else if (view.moment.known)
      printData(table(['user ID', 'name', 'card', 'slot', 'since', 'until', 'known'], view.items.map(rowOf)));
    tell(sourcesOf(view));
    return view.moment.known ? ExitCode.DONE : ExitCode.SOME_FAILED;
  });
}

function instant(option: string, text: string): Date {
  const at = new Date(text);
  if (!INSTANT.test(text) || Number.isNaN(at.getTime())) throw new BadInstantError(option, text);
  return at;
}

function rowOf(user: PastUserView): (string | number | null)[] {
  const { device_user_id: id, name, card_number: card, slot, since, until, certainty } = user;
  return [id, name, card, slot, since.toISOString(), until?.toISOString() ?? 'now', certainty.replace('_', ' ')];
}

function sourcesOf({ count, moment }: PastUsersView): string {
  const { at, known, last_complete_read_at: read, backup_before: backup } = moment;
  if (!known) return `Nobody had looked at the terminal by ${at.toISOString()}: it is not known who was there`;
  const sources = [
    ...(read ? [`the last complete read before at ${read.toISOString()}`] : []),
    ...(backup ? [`the last backup before at ${backup.taken_at.toISOString()}`] : []),
  ];
  return `${count} users at ${at.toISOString()}; ${sources.join(', ')}`;
}

function printDiff(view: PastDiffView): void {
  if (!view.known) {
    tell('Nobody had looked at the terminal by one of the two moments: nothing can be compared');
    return;
  }
  const rows = [
    ...view.arrived.map(({ device_user_id: id, name, at }) => ['came', id, name, at.toISOString()]),
    ...view.departed.map((user) => ['went', user.device_user_id, user.name, wentOf(user)]),
    ...view.went_and_came_back.map((user) => ['went and came back', user.device_user_id, user.name, wentOf(user)]),
    ...view.came_and_went.map((user) => ['came and went', user.device_user_id, user.name, wentOf(user)]),
    ...(view.changes ?? []).map((change) => [
      'changed',
      change.device_user_id,
      change.name?.to ?? null,
      changesOf(change),
    ]),
  ];
  printData(table(['what', 'user ID', 'name', 'details'], rows));
  const { changes, ...counts } = view.counts;
  const total = Object.values(counts).reduce((sum, count) => sum + count, changes ?? 0);
  if (total > rows.length) tell(`${total} in all; the API and --json show the counts of each`);
  if (view.changes_missing)
    tell(`Changes of names, cards and credentials are not known: ${view.changes_missing.reason}`);
}

function wentOf({ gone_at: at, how }: PastDiffView['departed'][number]): string {
  return `${how ?? 'only a backup tells'}, not there at ${at.toISOString()}`;
}

function changesOf(change: AttributeChangeView): string {
  const { name, card_number: card, privilege, has_pin: pin } = change;
  const credentials = [
    ...change.credentials_added.map(({ kind, index }) => `${kind} ${index} added`),
    ...change.credentials_removed.map(({ kind, index }) => `${kind} ${index} removed`),
    ...change.credentials_replaced.map(({ kind, index }) => `${kind} ${index} replaced`),
  ];
  return [
    ...(name ? [`name ${name.from ?? 'none'} → ${name.to ?? 'none'}`] : []),
    ...(card ? [`card ${card.from ?? 'none'} → ${card.to ?? 'none'}`] : []),
    ...(privilege ? [`privilege ${privilege.from} → ${privilege.to}`] : []),
    ...(pin ? [`PIN ${pin.to ? 'added' : 'removed'}`] : []),
    ...credentials,
  ].join(', ');
}
