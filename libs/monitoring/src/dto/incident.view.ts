import { ApiInstant, ApiRowId } from '@app/http';
import { type Cause, CAUSES, type Confidence, type RankedCause } from '@app/incident-causes';
import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type IncidentDetail } from '../incidents.service.js';
import {
  type Incident,
  INCIDENT_STATES,
  type IncidentKind,
  type IncidentState,
  type IncidentUser,
  type IncidentUserState,
  LOSS_LEVELS,
  type LossLevel,
} from '../monitoring.entities.js';

const KINDS: readonly IncidentKind[] = ['disappearance', 'device_reset'];
const USER_STATES: readonly IncidentUserState[] = ['missing', 'returned', 'deleted', 'intended', 'acknowledged'];
const CONFIDENCES: readonly Confidence[] = ['proven', 'likely', 'possible', 'none'];

export class CauseView {
  @ApiProperty({ enum: CAUSES, description: '`unknown`: nothing speaks for any cause.' })
  readonly cause: Cause;
  @ApiProperty({
    enum: CONFIDENCES,
    description: 'proven: a record names the act and the users. likely: hardly anything else fits. possible: it fits.',
  })
  readonly confidence: Confidence;
  @ApiProperty({ type: Number, minimum: 0, maximum: 1, example: 0.98 })
  readonly score: number;
  @ApiProperty({ type: String, isArray: true, example: ['9001'], description: 'The missing users that it explains.' })
  readonly device_user_ids: readonly string[];
  @ApiProperty({
    type: String,
    isArray: true,
    example: ['The terminal’s log has "user deleted" for slot 13 by operator 1 at 2026-01-31T09:41:10Z'],
    description: 'What speaks for it.',
  })
  readonly evidence: readonly string[];
}

export class IncidentView {
  @ApiRowId() readonly id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ enum: KINDS, description: 'device_reset: the terminal is empty, or its clock was never set.' })
  readonly kind: IncidentKind;
  @ApiProperty({
    enum: INCIDENT_STATES,
    description: 'recovered: nobody of it is missing any more. acknowledged: the loss was accepted.',
  })
  readonly state: IncidentState;
  @ApiProperty({
    enum: LOSS_LEVELS,
    description: 'The worst that it came to. From trip on, writes to the terminal need confirm_tripped.',
  })
  readonly level: LossLevel;
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 120,
    description: 'How many users the terminal was known to have.',
  })
  readonly known_users: number;
  @ApiProperty({ type: 'integer', minimum: 0, example: 3 })
  readonly missing_users: number;
  @ApiProperty({ type: 'integer', minimum: 0, example: 3 })
  readonly most_missing: number;
  @ApiInstant({ description: 'The last complete read in which nobody was missing.' })
  readonly last_complete_at: Date;
  @ApiInstant({ description: 'The first complete read in which somebody was.' })
  readonly opened_at: Date;
  @ApiInstant() readonly changed_at: Date;
  @ApiInstant({ nullable: true }) readonly closed_at: Date | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly closed_by: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly close_reason: string | null;
  @ApiProperty({
    type: 'integer',
    minimum: 0,
    example: 0,
    description: 'How often somebody vanished again soon after.',
  })
  readonly reopened: number;
  @ApiProperty({ type: CauseView, isArray: true, description: 'What probably did it, the likeliest first.' })
  readonly causes: readonly CauseView[];
}

export class IncidentUserView {
  @ApiProperty({ type: String, example: '9001' })
  readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'Mina Haile' })
  readonly name: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly card_number: string | null;
  @ApiRowId({ nullable: true, description: 'The person that the user was mapped to.' })
  readonly person_id: string | null;
  @ApiProperty({ enum: PERSON_TYPES, nullable: true, type: String })
  readonly person_type: PersonType | null;
  @ApiInstant() readonly last_seen_at: Date;
  @ApiInstant() readonly missing_since: Date;
  @ApiProperty({ enum: USER_STATES })
  readonly state: IncidentUserState;
  @ApiInstant({ nullable: true }) readonly settled_at: Date | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly settled_by: string | null;
  @ApiProperty({ type: String, nullable: true, example: null })
  readonly reason: string | null;
}

export class IncidentDetailView extends IncidentView {
  @ApiProperty({ type: String, example: 'Main entrance' })
  readonly device_name: string;
  @ApiProperty({ type: IncidentUserView, isArray: true })
  readonly users: readonly IncidentUserView[];
}

export function incidentView(incident: Incident): IncidentView {
  return {
    id: incident.id,
    device_id: incident.deviceId,
    kind: incident.kind,
    state: incident.state,
    level: incident.level,
    known_users: incident.knownUsers,
    missing_users: incident.missingUsers,
    most_missing: incident.mostMissing,
    last_complete_at: incident.lastCompleteAt,
    opened_at: incident.openedAt,
    changed_at: incident.changedAt,
    closed_at: incident.closedAt,
    closed_by: incident.closedBy,
    close_reason: incident.closeReason,
    reopened: incident.reopened,
    causes: incident.causes.map(causeView),
  };
}

export function incidentDetailView({ incident, device, users }: IncidentDetail): IncidentDetailView {
  return { ...incidentView(incident), device_name: device.name, users: users.map(incidentUserView) };
}

/** The database keeps JSON in an order of its own. */
function causeView({ cause, confidence, score, device_user_ids, evidence }: RankedCause): CauseView {
  return { cause, confidence, score, device_user_ids, evidence };
}

function incidentUserView(user: IncidentUser): IncidentUserView {
  return {
    device_user_id: user.deviceUserId,
    name: user.name,
    card_number: user.cardNumber,
    person_id: user.personId,
    person_type: user.personType,
    last_seen_at: user.lastSeenAt,
    missing_since: user.missingSince,
    state: user.state,
    settled_at: user.settledAt,
    settled_by: user.settledBy,
    reason: user.reason,
  };
}
