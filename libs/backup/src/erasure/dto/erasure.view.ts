import { ApiInstant, ApiRowId } from '@app/http';
import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type Erasure, LIVE_STATES, type LiveState } from '../erasure.entity.js';
import { type HeldBackups } from '../held-backups.js';

/** A device user who was erased. */
export class ErasureView {
  @ApiRowId() readonly id: string;
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: String, example: '9001' }) readonly device_user_id: string;
  @ApiRowId({ nullable: true, description: 'Null: the device user alone was erased.' }) readonly person_id:
    string | null;
  @ApiProperty({ enum: PERSON_TYPES, nullable: true }) readonly person_type: PersonType | null;
  @ApiProperty({ type: String, example: 'Request of 31 January' }) readonly reason: string;
  @ApiProperty({ type: String, example: 'account:mina' }) readonly requested_by: string;
  @ApiInstant({ description: 'From then on nobody brings the user back.' }) readonly erased_at: Date;
  @ApiProperty({
    enum: LIVE_STATES,
    description:
      'pending: tried again until the terminal can be reached. removed: deleted, and the absence proven. absent: a complete read ' +
      'showed no such user. failed: the terminal does not do it, and somebody has to look.',
  })
  readonly live_state: LiveState;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'device/unreachable',
    description: 'Why it is pending or failed.',
  })
  readonly live_error: string | null;
  @ApiInstant({ nullable: true }) readonly settled_at: Date | null;
}

export class HeldBackupsView {
  @ApiProperty({ type: 'integer', minimum: 0, example: 4, description: 'Valid backups that still hold the user.' })
  readonly count: number;
  @ApiInstant({
    nullable: true,
    description: 'When the last of them is removed; null: there is none, or it is not known.',
  })
  readonly gone_at: Date | null;
  @ApiProperty({ type: String, nullable: true, description: 'Why it is not known when.' })
  readonly kept_because: string | null;
}

export class ErasureDetailView extends ErasureView {
  @ApiProperty({ type: HeldBackupsView }) readonly held_by: HeldBackupsView;
}

/** What one request erased. */
export class ErasedView {
  @ApiProperty({ type: ErasureDetailView, isArray: true }) readonly items: readonly ErasureDetailView[];
}

export function erasureView(erasure: Erasure): ErasureView {
  return {
    id: erasure.id,
    device_id: erasure.deviceId,
    device_user_id: erasure.deviceUserId,
    person_id: erasure.personId,
    person_type: erasure.personType,
    reason: erasure.reason,
    requested_by: erasure.requestedBy,
    erased_at: erasure.erasedAt,
    live_state: erasure.liveState,
    live_error: erasure.liveError,
    settled_at: erasure.settledAt,
  };
}

export function erasureDetailView(erasure: Erasure, { count, goneAt, keptBecause }: HeldBackups): ErasureDetailView {
  return { ...erasureView(erasure), held_by: { count, gone_at: goneAt, kept_because: keptBecause } };
}
