import { type CredentialMark } from '@app/device-writer';
import { ApiInstant, ApiRowId } from '@app/http';
import { type StayEnd } from '@app/monitoring';
import { ApiProperty } from '@nestjs/swagger';
import { type AttributeChange, type BackupChanges, type CredentialName } from '../backup-changes.js';
import { type Arrival, type Departure, type PastDiff } from '../device-past-diff.service.js';
import { MomentView, momentView } from './past-users.view.js';

/** Of each list; the counts tell how many there are. */
const MOST = 1_000;
const ENDS = ['missing', 'returned', 'deleted', 'intended', 'acknowledged'] as const satisfies readonly StayEnd[];
const KINDS = [
  'pin',
  'card',
  'fingerprint',
  'face',
  'palm',
  'photo',
  'other',
] as const satisfies readonly CredentialMark['kind'][];

class CrossingView {
  @ApiProperty({ type: String, example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, nullable: true, example: 'Ana' }) readonly name: string | null;
  @ApiProperty({ type: String, nullable: true, example: '1234567' }) readonly card_number: string | null;
}

export class ArrivalView extends CrossingView {
  @ApiInstant({ description: 'The first read or backup that showed the user.' }) readonly at: Date;
}

export class DepartureView extends CrossingView {
  @ApiInstant({ nullable: true, description: 'The last read that showed the user; null: only a backup did.' })
  readonly last_seen_at: Date | null;
  @ApiInstant({ description: 'The first read or backup that did not.' }) readonly gone_at: Date;
  @ApiProperty({
    enum: ENDS,
    nullable: true,
    description:
      'As it is known today. missing: nobody knows why. returned: missing, and seen again later. Null: only a backup tells that ' +
      'the user is gone.',
  })
  readonly how: StayEnd | null;
}

export class CredentialNameView {
  @ApiProperty({ enum: KINDS }) readonly kind: CredentialMark['kind'];
  @ApiProperty({ type: 'integer', description: 'The finger, or the terminal’s number of the credential.' })
  readonly index: number;
}

export class TextChangeView {
  @ApiProperty({ type: String, nullable: true, example: 'Ana' }) readonly from: string | null;
  @ApiProperty({ type: String, nullable: true, example: 'Anna' }) readonly to: string | null;
}

export class NumberChangeView {
  @ApiProperty({ type: 'integer', nullable: true, example: 0 }) readonly from: number | null;
  @ApiProperty({ type: 'integer', nullable: true, example: 14 }) readonly to: number | null;
}

export class FlagChangeView {
  @ApiProperty({ type: Boolean }) readonly from: boolean;
  @ApiProperty({ type: Boolean }) readonly to: boolean;
}

export class AttributeChangeView {
  @ApiProperty({ type: String, example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: TextChangeView, nullable: true, description: 'Null: the same.' })
  readonly name: TextChangeView | null;
  @ApiProperty({ type: TextChangeView, nullable: true }) readonly card_number: TextChangeView | null;
  @ApiProperty({ type: NumberChangeView, nullable: true }) readonly privilege: NumberChangeView | null;
  @ApiProperty({ type: FlagChangeView, nullable: true, description: 'Whether there is a PIN; never which.' })
  readonly has_pin: FlagChangeView | null;
  @ApiProperty({ type: CredentialNameView, isArray: true })
  readonly credentials_added: readonly CredentialNameView[];
  @ApiProperty({ type: CredentialNameView, isArray: true })
  readonly credentials_removed: readonly CredentialNameView[];
  @ApiProperty({ type: CredentialNameView, isArray: true, description: 'The same finger, other contents.' })
  readonly credentials_replaced: readonly CredentialNameView[];
}

export class DiffCountsView {
  @ApiProperty({ type: 'integer', example: 1 }) readonly arrived: number;
  @ApiProperty({ type: 'integer', example: 0 }) readonly departed: number;
  @ApiProperty({ type: 'integer', example: 0 }) readonly went_and_came_back: number;
  @ApiProperty({ type: 'integer', example: 0 }) readonly came_and_went: number;
  @ApiProperty({ type: 'integer', nullable: true, example: 2, description: 'Null: it is not known.' })
  readonly changes: number | null;
}

export class NoChangesView {
  @ApiProperty({
    type: String,
    example: 'same-backup',
    description: 'no-backup, same-backup, other-protocol, not-readable, or the code of an error.',
  })
  readonly code: string;
  @ApiProperty({ type: String }) readonly reason: string;
}

export class PastDiffView {
  @ApiRowId() readonly device_id: string;
  @ApiProperty({ type: MomentView }) readonly from: MomentView;
  @ApiProperty({ type: MomentView }) readonly to: MomentView;
  @ApiProperty({
    type: Boolean,
    description: 'False: nobody had looked by one of the moments; nothing can be compared.',
  })
  readonly known: boolean;
  @ApiProperty({ type: DiffCountsView, description: `Of each list below there are at most the first ${MOST}.` })
  readonly counts: DiffCountsView;
  @ApiProperty({ type: ArrivalView, isArray: true }) readonly arrived: readonly ArrivalView[];
  @ApiProperty({ type: DepartureView, isArray: true }) readonly departed: readonly DepartureView[];
  @ApiProperty({
    type: DepartureView,
    isArray: true,
    description: 'There at both moments, and not all the time: each time that they went.',
  })
  readonly went_and_came_back: readonly DepartureView[];
  @ApiProperty({
    type: DepartureView,
    isArray: true,
    description: 'There at neither moment, and in between: each time that they went.',
  })
  readonly came_and_went: readonly DepartureView[];
  @ApiProperty({
    type: AttributeChangeView,
    isArray: true,
    nullable: true,
    description: 'Between the last backups at or before each moment; null: they do not tell.',
  })
  readonly changes: readonly AttributeChangeView[] | null;
  @ApiProperty({ type: NoChangesView, nullable: true, description: 'Why there are no changes to tell.' })
  readonly changes_missing: NoChangesView | null;
}

export function pastDiffView(deviceId: string, diff: PastDiff): PastDiffView {
  const { arrived, departed, wentAndCameBack, cameAndWent, changed } = diff;
  return {
    device_id: deviceId,
    from: momentView(diff.from),
    to: momentView(diff.to),
    known: diff.known,
    counts: {
      arrived: arrived.length,
      departed: departed.length,
      went_and_came_back: wentAndCameBack.length,
      came_and_went: cameAndWent.length,
      changes: changed.changes?.length ?? null,
    },
    arrived: arrived.slice(0, MOST).map(arrivalView),
    departed: departed.slice(0, MOST).map(departureView),
    went_and_came_back: wentAndCameBack.slice(0, MOST).map(departureView),
    came_and_went: cameAndWent.slice(0, MOST).map(departureView),
    changes: changed.changes?.slice(0, MOST).map(attributeChangeView) ?? null,
    changes_missing: missingView(changed),
  };
}

function arrivalView({ deviceUserId, name, cardNumber, at }: Arrival): ArrivalView {
  return { device_user_id: deviceUserId, name, card_number: cardNumber, at };
}

function departureView({ deviceUserId, name, cardNumber, lastSeenAt, goneAt, how }: Departure): DepartureView {
  return {
    device_user_id: deviceUserId,
    name,
    card_number: cardNumber,
    last_seen_at: lastSeenAt,
    gone_at: goneAt,
    how,
  };
}

function attributeChangeView(change: AttributeChange): AttributeChangeView {
  return {
    device_user_id: change.deviceUserId,
    name: change.name ?? null,
    card_number: change.cardNumber ?? null,
    privilege: change.privilege ?? null,
    has_pin: change.hasPin ?? null,
    credentials_added: change.credentialsAdded.map(credentialView),
    credentials_removed: change.credentialsRemoved.map(credentialView),
    credentials_replaced: change.credentialsReplaced.map(credentialView),
  };
}

function credentialView({ kind, index }: CredentialName): CredentialNameView {
  return { kind, index };
}

function missingView(changed: BackupChanges): NoChangesView | null {
  return changed.changes === null ? { code: changed.code, reason: changed.reason } : null;
}
