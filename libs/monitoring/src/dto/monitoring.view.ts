import { ApiInstant, ApiRowId } from '@app/http';
import { ApiProperty } from '@nestjs/swagger';
import { FILL_KINDS, type FillKind } from '../health/index.js';
import { type CountChange, TIMELINE_OUTCOMES, type TimelineOutcome, type TimelinePiece } from '../history/index.js';
import { LOSS_LEVELS, type LossLevel } from '../monitoring.entities.js';
import {
  DEVICE_STATES,
  type DeviceHistory,
  type DeviceState,
  type DeviceStatus,
} from '../monitoring-status.service.js';

export class ForecastView {
  @ApiProperty({ enum: FILL_KINDS }) readonly of: FillKind;
  @ApiProperty({ type: 'integer', example: 2_710 }) readonly count: number;
  @ApiProperty({ type: 'integer', example: 3_000 }) readonly capacity: number;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 12,
    description:
      'Full in about so many days, if it goes on like that; null: it does not grow, or there is too little to tell.',
  })
  readonly days_left: number | null;
}

export class LastFailureView {
  @ApiProperty({ type: String, example: 'device/unreachable' }) readonly code: string;
  @ApiProperty({ type: String }) readonly reason: string;
  @ApiInstant() readonly at: Date;
}

export class OpenIncidentView {
  @ApiRowId() readonly id: string;
  @ApiProperty({ enum: LOSS_LEVELS }) readonly level: LossLevel;
  @ApiProperty({ type: 'integer', example: 3 }) readonly missing_users: number;
}

export class DeviceStatusView {
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: String, example: 'Main entrance' }) readonly name: string;
  @ApiProperty({
    enum: DEVICE_STATES,
    description:
      'suspect: two reads of one session contradicted each other. paused: left alone after too many failures.',
  })
  readonly state: DeviceState;
  @ApiProperty({ type: 'integer', nullable: true, example: 120, description: 'At the last complete read.' })
  readonly user_count: number | null;
  @ApiInstant({ nullable: true }) readonly last_complete_at: Date | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 84, description: 'Since the last complete read.' })
  readonly age_seconds: number | null;
  @ApiProperty({ type: 'integer', example: 0, description: 'Reads in a row that gave no list.' })
  readonly failures: number;
  @ApiProperty({ type: 'integer', example: 0, description: 'Of these, how many in a row answered without proof.' })
  readonly incomplete_reads: number;
  @ApiProperty({
    type: LastFailureView,
    nullable: true,
    description: 'The last one there was, long over or not.',
  })
  readonly last_failure: LastFailureView | null;
  @ApiInstant({ nullable: true }) readonly paused_until: Date | null;
  @ApiInstant({ nullable: true }) readonly next_poll_at: Date | null;
  @ApiProperty({ type: Number, nullable: true, example: 2, description: 'By how much its clock is ahead of ours.' })
  readonly clock_drift_seconds: number | null;
  @ApiProperty({ type: String, nullable: true, example: 'Ver 6.60' }) readonly firmware: string | null;
  @ApiProperty({ type: OpenIncidentView, nullable: true })
  readonly open_incident: OpenIncidentView | null;
  @ApiProperty({ type: ForecastView, isArray: true }) readonly forecasts: readonly ForecastView[];
}

export class MonitoringStatusView {
  @ApiProperty({ type: Boolean, description: 'Whether this server polls.' }) readonly polling: boolean;
  @ApiProperty({ type: 'integer', example: 300 }) readonly interval_seconds: number;
  @ApiProperty({ type: DeviceStatusView, isArray: true }) readonly devices: readonly DeviceStatusView[];
}

export class HistoryPieceView {
  @ApiInstant() readonly from: Date;
  @ApiInstant() readonly until: Date;
  @ApiProperty({
    enum: TIMELINE_OUTCOMES,
    description:
      'unreachable and incomplete say nothing about users. not_observed: nobody read it then. mixed: the history is condensed, ' +
      'and there was more than one of these.',
  })
  readonly outcome: TimelineOutcome;
  @ApiProperty({
    type: 'integer',
    nullable: true,
    example: 119,
    description: 'Null: no complete read; never zero for that.',
  })
  readonly least_users: number | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 120 }) readonly most_users: number | null;
}

export class CountChangeView {
  @ApiInstant() readonly at: Date;
  @ApiProperty({ type: 'integer', example: 119 }) readonly user_count: number;
  @ApiProperty({ type: String, isArray: true, example: [] }) readonly added: readonly string[];
  @ApiProperty({ type: String, isArray: true, example: ['9001'] }) readonly removed: readonly string[];
}

export class MonitoringHistoryView {
  @ApiRowId() readonly device_id: string;
  @ApiInstant() readonly from: Date;
  @ApiInstant() readonly to: Date;
  @ApiProperty({ type: HistoryPieceView, isArray: true, description: 'One after the other, without holes.' })
  readonly items: readonly HistoryPieceView[];
  @ApiProperty({ type: CountChangeView, isArray: true, description: 'The newest 500 of the range, oldest first.' })
  readonly changes: readonly CountChangeView[];
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 0,
    description: 'How many changes of the range came before those shown; ask for an earlier `to` to see them.',
  })
  readonly earlier_changes: number;
}

export function deviceStatusView({
  device,
  state,
  watch,
  ageSeconds,
  incident,
  forecasts,
}: DeviceStatus): DeviceStatusView {
  const { lastFailureCode: code, lastFailureReason: reason, lastFailureAt: at } = watch ?? {};
  return {
    device_id: device.id,
    name: device.name,
    state,
    user_count: watch?.userCount ?? null,
    last_complete_at: watch?.lastCompleteAt ?? null,
    age_seconds: ageSeconds ?? null,
    failures: watch?.failures ?? 0,
    incomplete_reads: watch?.incompleteReads ?? 0,
    last_failure: code && at ? { code, reason: reason ?? '', at } : null,
    paused_until: watch?.pausedUntil ?? null,
    next_poll_at: watch?.nextPollAt ?? null,
    clock_drift_seconds: watch?.clockDriftSeconds ?? device.clockDriftSeconds,
    firmware: watch?.firmware ?? device.firmware,
    open_incident: incident ? { id: incident.id, level: incident.level, missing_users: incident.missingUsers } : null,
    forecasts: FILL_KINDS.flatMap((kind) => {
      const forecast = forecasts[kind];
      return forecast
        ? [{ of: kind, count: forecast.count, capacity: forecast.capacity, days_left: forecast.daysLeft ?? null }]
        : [];
    }),
  };
}

export function monitoringHistoryView(
  deviceId: string,
  { from, to, pieces, changes }: DeviceHistory,
): MonitoringHistoryView {
  return {
    device_id: deviceId,
    from,
    to,
    items: pieces.map(pieceView),
    changes: changes.newest.map(changeView),
    earlier_changes: changes.earlier,
  };
}

function pieceView({ from, until, outcome, counts }: TimelinePiece): HistoryPieceView {
  return { from, until, outcome, least_users: counts?.least ?? null, most_users: counts?.most ?? null };
}

function changeView({ at, userCount, added, removed }: CountChange): CountChangeView {
  return { at, user_count: userCount, added, removed };
}
