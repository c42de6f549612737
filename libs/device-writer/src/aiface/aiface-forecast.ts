import { BackupNumber, takesProfiles } from '@app/aiface-protocol';
import { AppError } from '@app/kernel';
import { type ForecastRules, type ForecastUser, RefusedRestore } from '../forecast-rules.js';
import { type UserSnapshot } from '../user-snapshot.js';
import { type AifaceCredential, aifaceSnapshot, type AifaceUser, decodeAifaceUser } from './aiface-snapshot.js';
import { mergingWrites, restoringWrites, sameCredential } from './aiface-writes.js';

/** What AiFace terminals make of a snapshot. */
export class AifaceForecast implements ForecastRules {
  constructor(
    private readonly firmware: string | undefined,
    /** With which it makes its fingerprints; null: it does not tell. */
    private readonly fingerprintAlgorithm: string | null,
  ) {}

  create(wanted: UserSnapshot): ForecastUser {
    const stored = decodeAifaceUser(wanted.bytes);
    const credentials = restorable(stored);
    const profile = this.takesProfiles || !stored.profile ? stored.profile : enableOf(stored.profile);
    // Leading zeros are lost: an ID is sent as a number.
    const rawEnrollId = wanted.user.deviceUserId;
    const user = this.whole({ ...stored, rawEnrollId, profile, credentials });
    requireWritable(() => restoringWrites(user, this.firmware));
    const after = aifaceSnapshot(user);
    return { after, credentialsAdded: after.credentials.length, credentialsReplaced: 0 };
  }

  update(before: UserSnapshot, wanted: UserSnapshot): ForecastUser {
    const held = decodeAifaceUser(before.bytes);
    const stored = decodeAifaceUser(wanted.bytes);
    const credentials = new Map(held.credentials.map((credential) => [credential.backupNumber, credential]));
    let [added, replaced] = [0, 0];
    for (const credential of restorable(stored)) {
      const other = credentials.get(credential.backupNumber);
      if (other && sameCredential(other, credential)) continue;
      if (other) replaced += 1;
      else added += 1;
      credentials.set(credential.backupNumber, credential);
    }
    const { name, admin } = stored;
    const user = this.whole({
      ...held,
      name,
      admin,
      profile: this.profileOf(held, stored),
      credentials: [...credentials.values()].toSorted((a, b) => a.backupNumber - b.backupNumber),
    });
    requireWritable(() => mergingWrites(held, user, this.firmware));
    return { after: aifaceSnapshot(user), credentialsAdded: added, credentialsReplaced: replaced };
  }

  take(): void {
    // It has no slots.
  }

  /** What the firmware neither takes nor tells stays as it is. */
  private profileOf({ profile: held }: AifaceUser, { profile: stored }: AifaceUser): AifaceUser['profile'] {
    if (!held || !stored) return held;
    return { ...held, ...(this.takesProfiles ? stored : enableOf(stored)) };
  }

  private whole(user: AifaceUser): AifaceUser {
    const hasFinger = user.credentials.some(({ backupNumber }) => backupNumber <= 9);
    return { ...user, depth: 'everything', fingerprintAlgorithm: hasFinger ? this.fingerprintAlgorithm : null };
  }

  private get takesProfiles(): boolean {
    return takesProfiles(this.firmware);
  }
}

/** Of attributes alone, the card is all that there is to write. */
function restorable({ depth, credentials }: AifaceUser): readonly AifaceCredential[] {
  if (depth === 'everything') return credentials;
  return credentials.filter(({ backupNumber, record }) => backupNumber === BackupNumber.CARD && record !== null);
}

/** Whether the user may come in is a command of its own, which all firmware knows. */
function enableOf({ enable }: NonNullable<AifaceUser['profile']>): NonNullable<AifaceUser['profile']> {
  return enable === undefined ? {} : { enable };
}

function requireWritable(plan: () => unknown): void {
  try {
    plan();
  } catch (error) {
    if (error instanceof AppError) throw new RefusedRestore('unwritable', error.message);
    throw error;
  }
}
