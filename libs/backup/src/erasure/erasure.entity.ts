import { type DeviceUserId, type PersonType } from '@app/kernel';
import { Check, Column, Entity, Index, PrimaryGeneratedColumn } from 'typeorm';

export const LIVE_STATES = ['pending', 'removed', 'absent', 'failed'] as const;
/**
 * What became of the user on the terminal. `pending`: it is tried again until the terminal can be reached. `removed`: deleted, and
 * the absence proven. `absent`: a complete read showed no such user. `failed`: the terminal does not do it; somebody has to look.
 */
export type LiveState = (typeof LIVE_STATES)[number];

/** A device user who was erased, and must not come back from what was kept before. The row holds no name, and stays. */
@Entity('erasures')
@Index('erasures_user', ['deviceId', 'deviceUserId', 'erasedAt'], { unique: true })
@Index('erasures_pending', ['id'], { where: `live_state = 'pending'` })
@Check('erasures_person', '(person_id is null) = (person_type is null)')
@Check('erasures_live_state', `live_state in ('pending', 'removed', 'absent', 'failed')`)
@Check('erasures_settled', `(live_state = 'pending') = (settled_at is null)`)
@Check('erasures_error', `live_state <> 'failed' or live_error is not null`)
export class Erasure {
  @PrimaryGeneratedColumn('identity', { type: 'bigint', generatedIdentity: 'ALWAYS' }) readonly id: string;
  @Column('bigint', { name: 'device_id' }) deviceId: string;
  @Column('text', { name: 'device_user_id' }) deviceUserId: DeviceUserId;
  /** Whom the user was mapped to, if the person was erased; null: the device user alone was. */
  @Column('bigint', { name: 'person_id', nullable: true }) personId: string | null;
  @Column('text', { name: 'person_type', nullable: true }) personType: PersonType | null;
  @Column('text') reason: string;
  @Column('text', { name: 'requested_by' }) requestedBy: string;
  @Column('timestamptz', { name: 'erased_at' }) erasedAt: Date;
  @Column('text', { name: 'live_state', default: 'pending' }) liveState: LiveState;
  /** Why it is pending or failed, as a code; null: nothing went wrong. */
  @Column('text', { name: 'live_error', nullable: true }) liveError: string | null;
  @Column('timestamptz', { name: 'settled_at', nullable: true }) settledAt: Date | null;
}
