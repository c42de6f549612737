import { ApiInstant, ApiRowId, pageOf } from '@app/http';
import { OBSERVATION_OUTCOMES, type ObservationOutcome } from '@app/monitoring';
import { ApiProperty } from '@nestjs/swagger';
import { type BackupWitness } from '../backup-witness.js';
import { type PastUsers } from '../device-past.service.js';
import { CERTAINTIES, type Certainty, isKnown, type Moment, type PastUser } from '../moment.js';

export class PastUserView {
  @ApiProperty({ type: String, example: '9001' }) readonly device_user_id: string;
  @ApiProperty({
    type: String,
    nullable: true,
    example: 'Ana',
    description: 'Null: none, or only backups tell of the user.',
  })
  readonly name: string | null;
  @ApiProperty({ type: String, nullable: true, example: '1234567' }) readonly card_number: string | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 7 }) readonly slot: number | null;
  @ApiInstant({ description: 'The first read or backup of this stay that showed the user.' }) readonly since: Date;
  @ApiInstant({ nullable: true, description: 'The last one; null: the last read there is showed the user.' })
  readonly until: Date | null;
  @ApiProperty({
    enum: CERTAINTIES,
    description:
      'seen: before the moment and after it. last_seen: before it, and nobody has looked since. between_reads: on one side of it ' +
      'alone, so that the user came or went around it. backup: only backups tell.',
  })
  readonly certainty: Certainty;
}

export class BackupWitnessView {
  @ApiRowId() readonly id: string;
  @ApiProperty({ type: String }) readonly filename: string;
  @ApiInstant() readonly taken_at: Date;
  @ApiProperty({ type: 'integer', example: 120 }) readonly user_count: number;
}

export class MomentObservationView {
  @ApiProperty({ enum: OBSERVATION_OUTCOMES }) readonly outcome: ObservationOutcome;
  @ApiInstant() readonly from: Date;
  @ApiInstant() readonly until: Date;
}

export class MomentView {
  @ApiInstant() readonly at: Date;
  @ApiProperty({
    type: Boolean,
    description: 'False: nobody had looked by then, so that nothing is known of who was there.',
  })
  readonly known: boolean;
  @ApiInstant({
    nullable: true,
    description:
      'The last complete read at or before the moment; of reads that kept coming to the same, the first of them.',
  })
  readonly last_complete_read_at: Date | null;
  @ApiInstant({
    nullable: true,
    description: 'The first complete read after the moment; of reads that kept coming to the same, the last of them.',
  })
  readonly next_complete_read_at: Date | null;
  @ApiProperty({
    type: MomentObservationView,
    nullable: true,
    description: 'What reads kept coming to at that time; null: nobody read the terminal then.',
  })
  readonly observed: MomentObservationView | null;
  @ApiProperty({ type: BackupWitnessView, nullable: true }) readonly backup_before: BackupWitnessView | null;
  @ApiProperty({ type: BackupWitnessView, nullable: true }) readonly backup_after: BackupWitnessView | null;
}

export class PastUsersView extends pageOf(PastUserView) {
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: MomentView }) readonly moment: MomentView;
  @ApiProperty({ type: 'integer', minimum: 0, example: 120, description: 'On all pages.' }) readonly count: number;
}

export function pastUsersView(deviceId: string, { moment, count, items, nextCursor }: PastUsers): PastUsersView {
  return {
    device_id: deviceId,
    moment: momentView(moment),
    count,
    items: items.map(pastUserView),
    next_cursor: nextCursor,
  };
}

export function momentView(moment: Moment): MomentView {
  const { at, reads, backupBefore, backupAfter } = moment;
  const { before, after, observed } = reads;
  return {
    at,
    known: isKnown(moment),
    last_complete_read_at: before,
    next_complete_read_at: after,
    observed: observed && { outcome: observed.outcome, from: observed.from, until: observed.until },
    backup_before: witnessView(backupBefore),
    backup_after: witnessView(backupAfter),
  };
}

function witnessView(witness: BackupWitness | undefined): BackupWitnessView | null {
  if (!witness) return null;
  const { id, filename, takenAt, userIds } = witness;
  return { id, filename, taken_at: takenAt, user_count: userIds.size };
}

function pastUserView({ deviceUserId, name, cardNumber, slot, since, until, certainty }: PastUser): PastUserView {
  return { device_user_id: deviceUserId, name, card_number: cardNumber, slot, since, until, certainty };
}
