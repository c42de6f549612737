import { type CredentialMark, type UserSnapshot } from './user-snapshot.js';

/** What terminals count of themselves: users, and credentials by kind. */
export type Counted = 'users' | CredentialMark['kind'];

/** How many of each a write adds to a terminal. */
export type Growth = ReadonlyMap<Counted, number>;

/** How many of something a terminal has, and may have. */
export interface RoomFor {
  readonly held?: number;
  /** 0 and undefined: the terminal does not tell it. */
  readonly capacity?: number;
}
export type Room = Readonly<Partial<Record<Counted, RoomFor>>>;

const PLURALS: Readonly<Partial<Record<Counted, string>>> = {
  users: 'users',
  fingerprint: 'fingerprints',
  face: 'faces',
  palm: 'palms',
  card: 'cards',
  pin: 'PINs',
};

/** What becomes more on a terminal when `after` takes the place of `before`; undefined: absent. */
export function growthOf(before: UserSnapshot | undefined, after: UserSnapshot): Growth {
  const growth = new Map<Counted, number>();
  const add = (kind: Counted, count: number): void => void growth.set(kind, (growth.get(kind) ?? 0) + count);
  for (const { kind } of after.credentials) add(kind, 1);
  for (const { kind } of before?.credentials ?? []) add(kind, -1);
  if (!before) add('users', 1);
  return growth;
}

/** Keeps count of the room on a terminal while users are planned. */
export class TerminalRoom {
  private readonly added = new Map<Counted, number>();

  constructor(private readonly room: Room) {}

  /** Why this does not fit any more, for people; undefined: it does. */
  lacking(growth: Growth): string | undefined {
    for (const [kind, more] of growth) {
      const { held = 0, capacity = 0 } = this.room[kind] ?? {};
      const planned = this.added.get(kind) ?? 0;
      if (capacity === 0 || more <= 0 || held + planned + more <= capacity) continue;
      const before = planned === 0 ? '' : ` and would get ${planned} before`;
      return (
        `The terminal holds ${held} ${PLURALS[kind] ?? kind} of at most ${capacity}${before}, and ${more} more would be ` +
        'added; delete somebody first'
      );
    }
    return undefined;
  }

  take(growth: Growth): void {
    for (const [kind, more] of growth) this.added.set(kind, (this.added.get(kind) ?? 0) + more);
  }
}

/** Both together. */
export function addGrowth(one: Growth, other: Growth): Growth {
  return new Map([...one, ...[...other].map(([kind, more]) => [kind, more + (one.get(kind) ?? 0)] as const)]);
}
