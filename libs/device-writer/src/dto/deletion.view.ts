import { ApiProperty } from '@nestjs/swagger';
import { type Deletion, type UndoneDeletion } from '../device-user-deletions.service.js';
import { type DeletedDeviceUser } from '../device-write.entity.js';
import { ERASED_SNAPSHOT } from '../snapshot-erasure.js';

export const DELETION_STATES = ['deleted', 'unsettled', 'undetermined', 'undone'] as const;
export type DeletionState = (typeof DELETION_STATES)[number];

/** A user that an administrator deleted. What it takes to bring it back stays in the database, sealed. */
export class DeletionView {
  @ApiProperty({ example: '7', description: 'Names the deletion, for undoing it.' }) readonly id: string;
  @ApiProperty({ example: '1' }) readonly device_id: string;
  @ApiProperty({ example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true }) readonly name: string | null;
  @ApiProperty({
    enum: DELETION_STATES,
    description:
      'unsettled: it is not known yet whether it was done; undetermined: the user is neither there as before nor gone; undone: it is back.',
  })
  readonly state: DeletionState;
  @ApiProperty({ example: 'account:mina' }) readonly deleted_by: string;
  @ApiProperty() readonly reason: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'When the absence was proven.' })
  readonly deleted_at: string | null;
  @ApiProperty({ type: String, nullable: true }) readonly restored_by: string | null;
  @ApiProperty({ type: String, format: 'date-time', nullable: true }) readonly restored_at: string | null;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'POST /api/device-users/deletions/7/undo',
    description: 'How to undo it; null: that was done, or the user was erased for good.',
  })
  readonly undo: string | null;
}

/** A user that is back. */
export class UndoneDeletionView extends DeletionView {
  @ApiProperty({ type: Number, nullable: true, description: 'Its slot now; null: the terminal has none.' })
  readonly slot: number | null;
  @ApiProperty({
    description: 'Whether somebody else has its slot of before; everything else is bit for bit the same.',
  })
  readonly slot_changed: boolean;
}

export function deletionView({ user, state }: Deletion): DeletionView {
  return {
    id: user.id,
    device_id: user.deviceId,
    device_user_id: user.deviceUserId,
    name: user.name,
    state: stateOf(user, state),
    deleted_by: user.deletedBy,
    reason: user.reason,
    deleted_at: user.deletedAt?.toISOString() ?? null,
    restored_by: user.restoredBy,
    restored_at: user.restoredAt?.toISOString() ?? null,
    undo:
      user.restoredAt || user.snapshotSealed === ERASED_SNAPSHOT
        ? null
        : `POST /api/device-users/deletions/${user.id}/undo`,
  };
}

export function undoneDeletionView({ user, slot }: UndoneDeletion): UndoneDeletionView {
  return { ...deletionView({ user, state: 'done' }), slot, slot_changed: slot !== user.slot };
}

function stateOf({ restoredAt }: DeletedDeviceUser, state: Deletion['state']): DeletionState {
  if (restoredAt) return 'undone';
  if (state === 'open') return 'unsettled';
  return state === 'done' ? 'deleted' : 'undetermined';
}
