import { type DeviceUser } from '@app/device-gateway';
import { type DeviceUserId } from '@app/kernel';

/** A user as the last reads left it. */
export interface KnownUser {
  readonly stayId: string;
  readonly deviceUserId: DeviceUserId;
  readonly slot: number | null;
  readonly name: string | null;
  readonly cardNumber: string | null;
  readonly firstSeenAt: Date;
  /** When the stay that is missed was seen last; null: the last read showed the user. */
  readonly missingSince: { readonly lastSeenAt: Date; readonly goneAt: Date } | null;
}

/** What of a user is followed; undefined of `DeviceUser.details` is no news. */
export interface Traits {
  readonly slot: number | null;
  readonly name: string | null;
  readonly cardNumber: string | null;
}

/** The difference between what was known and a complete read: as sets of IDs, so that equal counts hide nothing. */
export interface ReadComparison {
  /** Known to be there, and not in the read. */
  readonly departed: readonly KnownUser[];
  /** Missed, and in the read again. */
  readonly returned: readonly KnownUser[];
  /** Missed, and still not in the read. */
  readonly stillMissing: readonly KnownUser[];
  /** In the read, and not known; those who returned are not among them. */
  readonly arrived: readonly DeviceUser[];
  /** Known users with other traits than before. */
  readonly changed: readonly { readonly known: KnownUser; readonly traits: Traits }[];
}

/** Compares two sets of users by their IDs. */
export function compareReads(known: readonly KnownUser[], users: readonly DeviceUser[]): ReadComparison {
  const inRead = new Map(users.map((user) => [user.deviceUserId, user]));
  const ids = new Set(known.map(({ deviceUserId }) => deviceUserId));
  const present = known.filter(({ missingSince }) => missingSince === null);
  const missing = known.filter(({ missingSince }) => missingSince !== null);
  return {
    departed: present.filter(({ deviceUserId }) => !inRead.has(deviceUserId)),
    returned: missing.filter(({ deviceUserId }) => inRead.has(deviceUserId)),
    stillMissing: missing.filter(({ deviceUserId }) => !inRead.has(deviceUserId)),
    arrived: users.filter(({ deviceUserId }) => !ids.has(deviceUserId)),
    changed: present.flatMap((known) => {
      const user = inRead.get(known.deviceUserId);
      const traits = user && traitsOf(user, known);
      return traits && !areEqual(traits, known) ? [{ known, traits }] : [];
    }),
  };
}

/** The traits that a read shows; what it does not tell stays as it was known. */
export function traitsOf({ slot, details }: DeviceUser, before?: Traits): Traits {
  const { name, cardNumber } = details ?? before ?? { name: null, cardNumber: null };
  return { slot, name, cardNumber };
}

function areEqual(a: Traits, b: Traits): boolean {
  return a.slot === b.slot && a.name === b.name && a.cardNumber === b.cardNumber;
}
