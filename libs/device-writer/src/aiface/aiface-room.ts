import { type AifaceCounters, type CredentialKind, credentialKind, type DeviceInfo } from '@app/aiface-protocol';
import { UnwritableValueError } from '../device-writer.errors.js';
import { type Room } from '../terminal-room.js';
import { type AifaceUser } from './aiface-snapshot.js';

const COUNTED: readonly (readonly [
  Exclude<keyof AifaceCounters, 'users' | 'newPunches' | 'punches'>,
  CredentialKind,
])[] = [
  ['fingerprints', 'fingerprint'],
  ['faces', 'face'],
  ['palms', 'palm'],
  ['cards', 'card'],
  ['pins', 'pin'],
];

/** What it has room for, as far as it tells. */
export function roomOf(counters: AifaceCounters, info: DeviceInfo | undefined): Room {
  const kinds = COUNTED.map(([counted, kind]) => {
    return [kind, { held: counters[counted], capacity: info?.capacity[counted] }] as const;
  });
  return { ...Object.fromEntries(kinds), users: { held: counters.users, capacity: info?.capacity.users } };
}

/** @throws {UnwritableValueError} the terminal is full, or makes its fingerprints in another way than these were made */
export function requireRoom(
  { credentials, fingerprintAlgorithm, rawEnrollId }: AifaceUser,
  counters: AifaceCounters,
  info: DeviceInfo | undefined,
): void {
  requireCapacity('users', counters.users, 1, info?.capacity.users);
  for (const [counted, kind] of COUNTED) {
    const added = credentials.filter(({ backupNumber }) => credentialKind(backupNumber) === kind).length;
    requireCapacity(counted, counters[counted], added, info?.capacity[counted]);
  }
  const now = info?.fingerprintAlgorithm ?? null;
  if (fingerprintAlgorithm === null || fingerprintAlgorithm === now) return;
  throw new UnwritableValueError(
    `The fingerprints of user ${rawEnrollId} were made with ${fingerprintAlgorithm}, and the terminal makes its own with ` +
      `${now ?? 'something that it does not tell'}; they cannot be exchanged, so enrol the user at the terminal`,
    { details: { stored: fingerprintAlgorithm, terminal: now } },
  );
}

function requireCapacity(what: string, held = 0, added: number, capacity = 0): void {
  if (capacity === 0 || added === 0 || held + added <= capacity) return;
  throw new UnwritableValueError(
    `The terminal holds ${held} ${what} of at most ${capacity}, and ${added} would be added; delete somebody first`,
    { details: { held, added, capacity } },
  );
}
