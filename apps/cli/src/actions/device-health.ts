import { DevicesService } from '@app/devices';
import { type DeviceStatusView, deviceStatusView, MonitoringStatusService } from '@app/monitoring';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, table, printItems } from '../output.js';
import { runCommand } from '../run-command.js';

export const health = (wanted: string | undefined, options: { json?: boolean; jsonl?: boolean }): Promise<void> =>
  runCommand(options, ({ json, lines }) =>
    withServices(async (app) => {
      const id = wanted === undefined ? undefined : (await app.get(DevicesService).resolve(wanted)).id;
      const views = (await app.get(MonitoringStatusService).getStatus(id)).map(deviceStatusView);
      if (json) printItems(lines, 'devices', views);
      else
        printData(table(['id', 'name', 'state', 'users', 'last complete read', 'missing', 'notes'], views.map(rowOf)));
      return views.every(isWell) ? ExitCode.DONE : ExitCode.SOME_FAILED;
    }),
  );

function rowOf(view: DeviceStatusView): (string | null)[] {
  return [
    view.device_id,
    view.name,
    view.state,
    view.user_count === null ? null : String(view.user_count),
    view.last_complete_at?.toISOString() ?? 'never',
    view.open_incident ? `${view.open_incident.missing_users} (incident ${view.open_incident.id})` : null,
    notesOf(view).join('; ') || null,
  ];
}

/** What somebody may want to do something about. */
function notesOf({ state, failures, last_failure: failure, paused_until: until, ...view }: DeviceStatusView): string[] {
  const notes: string[] = [];
  if (failures > 0 && failure) notes.push(`${failures} failures: ${failure.code}`);
  if (state === 'paused' && until) notes.push(`left alone until ${until.toISOString()}`);
  const drift = view.clock_drift_seconds ?? 0;
  if (Math.abs(drift) > 60) notes.push(`clock ${Math.abs(drift)} s ${drift > 0 ? 'ahead' : 'behind'}`);
  for (const { of, count, capacity, days_left: days } of view.forecasts) {
    if (count >= capacity) notes.push(`${of} full`);
    else if (days !== null) notes.push(`${of} full in about ${days} days`);
  }
  return notes;
}

function isWell({ state, open_incident: incident }: DeviceStatusView): boolean {
  return (state === 'ok' || state === 'disabled') && incident === null;
}
