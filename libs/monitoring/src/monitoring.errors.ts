import { AppError } from '@app/kernel';
import { type Incident, type IncidentState, type LossLevel } from './monitoring.entities.js';

export class IncidentNotFoundError extends AppError {
  readonly code = 'monitoring/incident-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no incident ${id}; GET /api/device-users/incidents lists them`, { details: { incident_id: id } });
  }
}

export class IncidentClosedError extends AppError {
  readonly code = 'monitoring/incident-closed';
  readonly kind = 'conflict';

  constructor({ id, state, closedAt }: { id: string; state: IncidentState; closedAt: Date | null }) {
    super(`Incident ${id} is ${state} since ${closedAt?.toISOString() ?? 'unknown'}; there is nothing left to decide`, {
      details: { incident_id: id, state },
    });
  }
}

export class NotMissingError extends AppError {
  readonly code = 'monitoring/not-missing';
  readonly kind = 'invalid';

  constructor(id: string, deviceUserIds: readonly string[]) {
    super(
      `Not missing in incident ${id}: ${deviceUserIds.slice(0, 10).join(', ')}; name only users whose state is "missing"`,
      { details: { incident_id: id, device_user_ids: deviceUserIds } },
    );
  }
}

/** Too many users are missing from the terminal to write to it without a second thought. */
export class TerminalTrippedError extends AppError {
  readonly code = 'monitoring/tripped';
  readonly kind = 'conflict';

  constructor(device: { readonly name: string }, { id, level, missingUsers }: Incident) {
    super(
      `${missingUsers} users are missing from "${device.name}" (incident ${id}, ${level.replaceAll('_', ' ')}). ` +
        'Look at the incident first; to write all the same, repeat with confirm_tripped',
      { details: { incident_id: id, level: level satisfies LossLevel, missing_users: missingUsers } },
    );
  }
}

export class HistoryRangeError extends AppError {
  readonly code = 'monitoring/bad-range';
  readonly kind = 'invalid';

  constructor(from: Date, to: Date, longestDays: number) {
    super(
      `From ${from.toISOString()} to ${to.toISOString()} is no range of up to ${longestDays} days; ` +
        'give a `from` before the `to`, and ask for longer times in parts',
    );
  }
}
