import { DeviceFillLevel } from './health/fill-level.entity.js';
import { type StandingAlerts } from './health/standing-alerts.js';
import { type RankedCause } from '@app/incident-causes';
import { type DeviceUserId, type PersonType } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryColumn, PrimaryGeneratedColumn } from 'typeorm';

/** How a stay ended. `missing`: nobody knows why, and the user is still looked for. */
export type StayEnd = 'missing' | 'returned' | 'deleted' | 'intended' | 'acknowledged';

/** One stay of a user on a terminal, from the first complete read that showed it to the first that did not. */
@Entity('device_user_stays')
@Index('device_user_stays_current', ['deviceId', 'deviceUserId'], {
  unique: true,
  where: `ended_as is null or ended_as = 'missing'`,
})
@Index('device_user_stays_user', ['deviceId', 'deviceUserId', 'firstSeenAt'])
@Check('device_user_stays_ended_as', `ended_as in ('missing', 'returned', 'deleted', 'intended', 'acknowledged')`)
@Check('device_user_stays_end', '(gone_at is null) = (ended_as is null) and (gone_at is null) = (last_seen_at is null)')
export class DeviceUserStay {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text', { name: 'device_user_id' }) deviceUserId: DeviceUserId;
  @Column('integer', { nullable: true }) slot: number | null;
  @Column('text', { nullable: true }) name: string | null;
  @Column('text', { name: 'card_number', nullable: true }) cardNumber: string | null;
  @Column('timestamptz', { name: 'first_seen_at' }) firstSeenAt: Date;
  /** The last complete read that showed the user; null: it is there now. */
  @Column('timestamptz', { name: 'last_seen_at', nullable: true }) lastSeenAt: Date | null;
  /** The first complete read that did not. */
  @Column('timestamptz', { name: 'gone_at', nullable: true }) goneAt: Date | null;
  @Column('text', { name: 'ended_as', nullable: true }) endedAs: StayEnd | null;
}

/** What is known of one terminal between two reads: its last good list, and how often it failed since. */
@Entity('device_watch')
@Index('device_watch_next_poll', ['nextPollAt'])
export class DeviceWatchState {
  @PrimaryColumn('bigint', { name: 'device_id' }) readonly deviceId: string;
  @Column('timestamptz', { name: 'last_complete_at', nullable: true }) lastCompleteAt: Date | null;
  /** The fencing token that it was made under: deletions under a later one are not in it. */
  @Column('bigint', { name: 'last_lease_token', default: '0' }) lastLeaseToken: string;
  @Column('integer', { name: 'user_count', nullable: true }) userCount: number | null;
  /** Of the IDs, slots, names and cards of the last complete read. */
  @Column('text', { name: 'users_digest', nullable: true }) usersDigest: string | null;
  @Column('text', { nullable: true }) firmware: string | null;
  @Column('double precision', { name: 'clock_drift_seconds', nullable: true }) clockDriftSeconds: number | null;
  @Column('timestamptz', { name: 'poll_started_at', nullable: true }) pollStartedAt: Date | null;
  @Column('timestamptz', { name: 'next_poll_at', nullable: true }) nextPollAt: Date | null;
  /** Reads in a row that gave no list, for whatever reason. */
  @Column('integer', { default: 0 }) failures: number;
  /** How many of these, in a row, answered without proving it. */
  @Column('integer', { name: 'incomplete_reads', default: 0 }) incompleteReads: number;
  @Column('timestamptz', { name: 'failing_since', nullable: true }) failingSince: Date | null;
  @Column('timestamptz', { name: 'last_failure_at', nullable: true }) lastFailureAt: Date | null;
  @Column('text', { name: 'last_failure_code', nullable: true }) lastFailureCode: string | null;
  @Column('text', { name: 'last_failure_reason', nullable: true }) lastFailureReason: string | null;
  @Column('timestamptz', { name: 'paused_until', nullable: true }) pausedUntil: Date | null;
  /** Since when two reads of one session have contradicted each other; null: they do not. */
  @Column('timestamptz', { name: 'suspect_since', nullable: true }) suspectSince: Date | null;
  /** What administrators have been told of it that still stands. */
  @Column('jsonb', { default: {} }) told: StandingAlerts;
}

export const OBSERVATION_OUTCOMES = ['complete', 'incomplete', 'unreachable'] as const;
export type ObservationOutcome = (typeof OBSERVATION_OUTCOMES)[number];

/** A time in which reads of a terminal kept coming to the same; what is in none of them was not observed. */
@Entity('device_observations')
@Index('device_observations_time', ['deviceId', 'observedFrom'])
@Check('device_observations_outcome', `outcome in ('complete', 'incomplete', 'unreachable')`)
@Check('device_observations_count', `(outcome = 'complete') = (user_count is not null)`)
@Check('device_observations_order', 'observed_from <= observed_until')
export class DeviceObservation {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text') outcome: ObservationOutcome;
  @Column('integer', { name: 'user_count', nullable: true }) userCount: number | null;
  @Column('timestamptz', { name: 'observed_from' }) observedFrom: Date;
  @Column('timestamptz', { name: 'observed_until' }) observedUntil: Date;
  @Column('integer', { default: 1 }) observations: number;
}

/** The set of IDs after each change of it (requirement 9.4). */
@Entity('device_user_count_history')
@Index('device_user_count_history_time', ['deviceId', 'timestamp'])
@Check('device_user_count_history_count', 'user_count = cardinality(user_ids)')
export class DeviceUserCount {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('integer', { name: 'user_count' }) userCount: number;
  @Column('text', { name: 'user_ids', array: true }) userIds: DeviceUserId[];
  @Column('timestamptz') timestamp: Date;
}

export const LOSS_LEVELS = ['notice', 'trip', 'hard_trip'] as const;
/** How bad a loss is (safety design 2). */
export type LossLevel = (typeof LOSS_LEVELS)[number];

/** `device_reset`: the terminal is empty or shows its factory clock. */
export type IncidentKind = 'disappearance' | 'device_reset';

export const INCIDENT_STATES = ['open', 'recovered', 'acknowledged'] as const;
/** `recovered`: nobody of it is missing any more. `acknowledged`: an administrator accepted the loss. */
export type IncidentState = (typeof INCIDENT_STATES)[number];

/** Users of one terminal who vanished and are missed: one open incident for each terminal at most. */
@Entity('incidents')
@Index('incidents_open', ['deviceId'], { unique: true, where: `state = 'open'` })
@Index('incidents_device', ['deviceId', 'openedAt'])
@Check('incidents_kind', `kind in ('disappearance', 'device_reset')`)
@Check('incidents_state', `state in ('open', 'recovered', 'acknowledged')`)
@Check('incidents_level', `level in ('notice', 'trip', 'hard_trip')`)
@Check('incidents_closed', `(state = 'open') = (closed_at is null)`)
@Check('incidents_reason', `state <> 'acknowledged' or (closed_by is not null and close_reason is not null)`)
@Check('incidents_missing', 'missing_users between 0 and most_missing')
export class Incident {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text') kind: IncidentKind;
  @Column('text', { default: 'open' }) state: IncidentState;
  /** The worst that it came to; it never gets milder while the incident is open. */
  @Column('text') level: LossLevel;
  /** How many users the terminal was known to have. */
  @Column('integer', { name: 'known_users' }) knownUsers: number;
  @Column('integer', { name: 'missing_users' }) missingUsers: number;
  @Column('integer', { name: 'most_missing' }) mostMissing: number;
  /** The last complete read in which nobody was missing. */
  @Column('timestamptz', { name: 'last_complete_at' }) lastCompleteAt: Date;
  @Column('timestamptz', { name: 'opened_at' }) openedAt: Date;
  @Column('timestamptz', { name: 'changed_at' }) changedAt: Date;
  @Column('timestamptz', { name: 'closed_at', nullable: true }) closedAt: Date | null;
  @Column('text', { name: 'closed_by', nullable: true }) closedBy: string | null;
  @Column('text', { name: 'close_reason', nullable: true }) closeReason: string | null;
  /** How often somebody of it vanished again soon after all had been back. */
  @Column('integer', { default: 0 }) reopened: number;
  /** What probably did it, the likeliest first. */
  @Column('jsonb', { default: [] }) causes: RankedCause[];
}

export type IncidentUserState = StayEnd;

/** One user of an incident. */
@Entity('incident_users')
@Index('incident_users_user', ['deviceUserId'])
@Check('incident_users_state', `state in ('missing', 'returned', 'deleted', 'intended', 'acknowledged')`)
@Check('incident_users_settled', `(state = 'missing') = (settled_at is null)`)
export class IncidentUser {
  @PrimaryColumn('bigint', { name: 'incident_id' }) readonly incidentId: string;
  @PrimaryColumn('text', { name: 'device_user_id' }) readonly deviceUserId: DeviceUserId;
  @Column('text', { nullable: true }) name: string | null;
  @Column('text', { name: 'card_number', nullable: true }) cardNumber: string | null;
  @Column('integer', { nullable: true }) slot: number | null;
  @Column('bigint', { name: 'person_id', nullable: true }) personId: string | null;
  @Column('text', { name: 'person_type', nullable: true }) personType: PersonType | null;
  @Column('timestamptz', { name: 'last_seen_at' }) lastSeenAt: Date;
  @Column('timestamptz', { name: 'missing_since' }) missingSince: Date;
  @Column('text', { default: 'missing' }) state: IncidentUserState;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt: Date | null;
  @Column('text', { name: 'settled_by', nullable: true }) settledBy: string | null;
  @Column('text', { nullable: true }) reason: string | null;
}

export const MONITORING_ENTITIES = [
  DeviceFillLevel,
  DeviceUserStay,
  DeviceWatchState,
  DeviceObservation,
  DeviceUserCount,
  Incident,
  IncidentUser,
];
