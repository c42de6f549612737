import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import {
  RESTORE_ACTIONS,
  RESTORE_ITEM_STATES,
  RESTORE_ORIGINS,
  RESTORE_STATES,
  type RestoreAction,
  type RestoreItem,
  type RestoreItemState,
  type RestoreOrigin,
  type RestoreState,
} from '../backup.entities.js';
import { countPlan, type PlannedUser, type RestorePlan } from '../restore/restore-plan.js';
import { type IncidentHoldings, type RestoreReport } from '../restore/restores.service.js';

/** What is planned for one user, and what became of it. */
export class RestoreUserView {
  @ApiProperty({ type: String, example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'Mina Haile' }) readonly name: string | null;
  @ApiProperty({ enum: RESTORE_ACTIONS, description: 'What is planned.' }) readonly action: RestoreAction;
  @ApiProperty({ enum: RESTORE_ITEM_STATES, description: 'What became of it; planned: not yet.' })
  readonly state: RestoreItemState;
  @ApiProperty({ type: String, nullable: true, example: null, description: 'Why it is refused, or failed.' })
  readonly code: string | null;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly reason: string | null;
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 2,
    description: 'Fingerprints, faces, … that the terminal does not have.',
  })
  readonly credentials_added: number;
  @ApiProperty({ type: 'integer', minimum: 0, example: 0, description: 'Those that it has with other contents.' })
  readonly credentials_replaced: number;
}

export class RestoreCountsView {
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly create: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly update: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly unchanged: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly refused: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly credentials_added: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly credentials_replaced: number;
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Written and proven so far.' }) readonly restored: number;
  @ApiProperty({ type: 'integer', minimum: 0 }) readonly failed: number;
  @ApiProperty({ type: 'integer', minimum: 0, description: 'Whose turn has not come yet.' }) readonly waiting: number;
}

/** A restore: what it is of, and how far it is. */
export class RestoreView {
  @ApiRowId({ nullable: true, description: 'null: a dry run, which is not kept.' }) readonly id: string | null;
  @ApiRowId({ description: 'The terminal that users are brought back to.' }) readonly device_id: string;
  @ApiProperty({ enum: RESTORE_ORIGINS }) readonly origin: RestoreOrigin;
  @ApiRowId({ nullable: true }) readonly incident_id: string | null;
  @ApiProperty({
    enum: RESTORE_STATES,
    description: 'refused: the terminal was not as planned for; nothing was written.',
  })
  readonly state: RestoreState;
  @ApiProperty({ type: String, description: 'Of everybody on the terminal, when it was planned.' })
  readonly state_hash: string;
  @ApiProperty({ type: RestoreCountsView }) readonly counts: RestoreCountsView;
  @ApiProperty({ type: String, nullable: true, example: null }) readonly refusal: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'key:hf_3kd9a' }) readonly requested_by: string | null;
  @ApiInstant({ nullable: true }) readonly created_at: Date | null;
  @ApiInstant({ nullable: true }) readonly started_at: Date | null;
  @ApiInstant({ nullable: true }) readonly finished_at: Date | null;
}

/** A restore with users: of a dry run everybody, of a restore those who failed or were refused. */
export class RestoreResultView extends RestoreView {
  @ApiProperty({ type: Boolean }) readonly dry_run: boolean;
  @ApiProperty({ type: String, isArray: true, example: [], description: 'What the backup does not hold.' })
  readonly lacking: readonly string[];
  @ApiProperty({
    type: RestoreUserView,
    isArray: true,
    description: 'Of a dry run: everybody. Of a restore: who failed or was refused, 200 at most.',
  })
  readonly users: readonly RestoreUserView[];
}

export class HoldingView {
  @ApiProperty({ type: String }) readonly backup: string;
  @ApiInstant() readonly taken_at: Date;
  @ApiProperty({ type: Boolean, description: 'Whether a drill found it good.' }) readonly drilled: boolean;
  @ApiProperty({ type: String, isArray: true, example: ['9001'] }) readonly device_user_ids: readonly string[];
}

/** Who of an incident can be brought back, and from what. */
export class IncidentHoldingsView {
  @ApiRowId() readonly incident_id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({
    type: HoldingView,
    isArray: true,
    description: 'The newest good backup that holds each missing user.',
  })
  readonly holdings: readonly HoldingView[];
  @ApiProperty({ type: String, isArray: true, example: [], description: 'Missing, and in no usable backup.' })
  readonly without_backup: readonly string[];
  @ApiProperty({ type: Boolean, description: 'Whether bringing them back needs confirm_tripped.' })
  readonly needs_confirmation: boolean;
}

export function planView(plan: RestorePlan): RestoreResultView {
  const { create, update, unchanged, refused, credentialsAdded, credentialsReplaced } = countPlan(plan.users);
  return {
    id: null,
    dry_run: true,
    device_id: plan.device.id,
    origin: 'backup',
    incident_id: null,
    state: 'planned',
    state_hash: plan.stateHash,
    counts: {
      create,
      update,
      unchanged,
      refused,
      credentials_added: credentialsAdded,
      credentials_replaced: credentialsReplaced,
      restored: 0,
      failed: 0,
      waiting: create + update,
    },
    refusal: null,
    requested_by: null,
    created_at: null,
    started_at: null,
    finished_at: null,
    lacking: plan.lacking,
    users: plan.users.map(plannedUserView),
  };
}

export function restoreView({ restore, tally }: RestoreReport): RestoreView & { readonly id: string } {
  const { byAction, done, failed, planned, credentialsAdded, credentialsReplaced } = tally;
  return {
    id: restore.id,
    device_id: restore.deviceId,
    origin: restore.origin,
    incident_id: restore.incidentId,
    state: restore.state,
    state_hash: restore.stateHash,
    counts: {
      ...byAction,
      credentials_added: credentialsAdded,
      credentials_replaced: credentialsReplaced,
      restored: done,
      failed,
      waiting: planned,
    },
    refusal: restore.refusal,
    requested_by: restore.requestedBy,
    created_at: restore.createdAt,
    started_at: restore.startedAt,
    finished_at: restore.finishedAt,
  };
}

export function restoreResultView(
  report: RestoreReport,
  users: readonly RestoreItem[],
  lacking: readonly string[],
): RestoreResultView {
  return { ...restoreView(report), dry_run: false, lacking, users: users.map(restoreUserView) };
}

export function restoreUserView(item: RestoreItem): RestoreUserView {
  return {
    device_user_id: item.deviceUserId,
    name: item.name,
    action: item.action,
    state: item.state,
    code: item.code,
    reason: item.reason,
    credentials_added: item.credentialsAdded,
    credentials_replaced: item.credentialsReplaced,
  };
}

export function holdingsView({ incident, device, holdings, withoutBackup }: IncidentHoldings): IncidentHoldingsView {
  return {
    incident_id: incident.id,
    device_id: device.id,
    holdings: holdings.map(({ backup, deviceUserIds }) => ({
      backup: backup.filename,
      taken_at: backup.takenAt,
      drilled: backup.drillResult === 'good',
      device_user_ids: deviceUserIds,
    })),
    without_backup: withoutBackup,
    needs_confirmation: incident.level !== 'notice',
  };
}

function plannedUserView(user: PlannedUser): RestoreUserView {
  const { action } = user;
  return {
    device_user_id: user.deviceUserId,
    name: user.name,
    action,
    state: action === 'unchanged' || action === 'refused' ? action : 'planned',
    code: user.code ?? null,
    reason: user.reason ?? null,
    credentials_added: user.credentialsAdded,
    credentials_replaced: user.credentialsReplaced,
  };
}
