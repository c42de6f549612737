import { AppError } from '@app/kernel';
import { type Restore } from '../backup.entities.js';

export class RestoreNotFoundError extends AppError {
  readonly code = 'backup/restore-not-found';
  readonly kind = 'not-found';

  constructor(id: string) {
    super(`There is no restore ${id}; GET /api/device-users/restores lists them`, { details: { restore_id: id } });
  }
}

/** The terminal is not any more as it was when the plan was made. Nothing was written. */
export class StalePlanError extends AppError {
  readonly code = 'backup/stale-plan';
  readonly kind = 'stale';

  constructor(deviceName: string) {
    super(
      `"${deviceName}" has changed since this was planned: somebody was enrolled, changed or removed; nothing was written. ` +
        'Plan anew and look at the new plan',
    );
  }
}

/** A restore can be applied or cancelled only while it is planned. */
export class RestoreSettledError extends AppError {
  readonly code = 'backup/restore-settled';
  readonly kind = 'conflict';

  constructor({ id, state }: Restore) {
    super(`Restore ${id} is ${state}; only one that is planned can be applied or cancelled. Plan anew`, {
      details: { restore_id: id, state },
    });
  }
}

/** Templates and records of one protocol mean nothing to terminals of another. */
export class OtherProtocolError extends AppError {
  readonly code = 'backup/other-protocol';
  readonly kind = 'invalid';

  constructor(filename: string, protocol: string, deviceName: string, deviceProtocol: string) {
    super(
      `The backup ${filename} is of a terminal that speaks ${protocol}, and "${deviceName}" speaks ${deviceProtocol}: ` +
        'fingerprints and faces cannot be carried over; enrol the people there',
      { details: { protocol, device_protocol: deviceProtocol } },
    );
  }
}

/** The backup is known not to be good. */
export class BackupNotUsableError extends AppError {
  readonly code = 'backup/not-usable';
  readonly kind = 'conflict';

  constructor(filename: string, why: string) {
    super(`The backup ${filename} cannot be restored from: ${why}; take another one`, { details: { filename, why } });
  }
}

/** None of the missing users of an incident is in any backup. */
export class NothingToRestoreError extends AppError {
  readonly code = 'backup/nothing-to-restore';
  readonly kind = 'conflict';

  constructor(incidentId: string, missing: number) {
    super(
      missing === 0
        ? `Nobody of incident ${incidentId} is missing any more; there is nobody to bring back`
        : `None of the ${missing} missing users of incident ${incidentId} is in a usable backup; enrol them at the terminal`,
      { details: { incident_id: incidentId, missing } },
    );
  }
}
