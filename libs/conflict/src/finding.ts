import { createHash } from 'node:crypto';
import { type DeviceUserId, type PersonRef } from '@app/kernel';
import { type MappedUser } from '@app/people';
import { type Claim, type ConflictType, type UserConflict } from './conflict.entity.js';
import { seemsReused } from './identity-rules.js';
import { type NameLimit } from './name-limit.js';
import { differences, isSame } from './rules.js';
import { type ComparedAttribute, databaseVersionOf, known, type UserVersion } from './user-version.js';

/** A contradiction as it is now: what the open record of this user and type must say. */
export interface Finding extends PersonRef {
  readonly deviceUserId: DeviceUserId;
  readonly type: ConflictType;
  readonly device: UserVersion;
  readonly database: UserVersion;
  readonly agreed: UserVersion;
  readonly differing: readonly ComparedAttribute[];
  readonly claims: readonly Claim[];
  readonly version: string;
}

/** The open records of one user, by type. */
export type OpenConflicts = ReadonlyMap<ConflictType, UserConflict>;

/**
 * What contradicts itself about one mapped user. `told` is what a read told; what it did not tell opens nothing, but what
 * was open of it stays so, for as long as the database differs from what was last known.
 */
export function findingsOf(
  mapped: MappedUser,
  told: UserVersion,
  open: OpenConflicts,
  claims: readonly Claim[],
  limit: NameLimit,
): Finding[] {
  const database = databaseVersionOf(mapped);
  const agreed = known(mapped.adopted);
  const found = (
    type: ConflictType,
    differing: readonly ComparedAttribute[],
    claimed: readonly Claim[] = [],
  ): Finding => {
    const { deviceUserId, personId, personType } = mapped;
    const device = lastKnown(told, open.get(type));
    const facts = { device, database, agreed, differing, claims: claimed, personId, personType };
    return { deviceUserId, type, ...facts, version: digestOf(type, facts) };
  };
  const differing = mismatch(told, database, open.get('attribute_mismatch'), limit);
  const reused = seemsReused(lastKnown(told, open.get('id_reused')), database, agreed);
  return [
    ...(differing.length > 0 ? [found('attribute_mismatch', differing)] : []),
    ...(claims.length > 0 ? [found('duplicate_id', [], claims)] : []),
    ...(reused ? [found('id_reused', differences(lastKnown(told, open.get('id_reused')), database, limit))] : []),
  ];
}

function mismatch(
  told: UserVersion,
  database: UserVersion,
  open: UserConflict | undefined,
  limit: NameLimit,
): ComparedAttribute[] {
  const before = open?.deviceData ?? {};
  const stillOpen = (open?.differing ?? []).filter(
    (attribute) => told[attribute] === undefined && !isSame(attribute, before[attribute], database[attribute], limit),
  );
  const now = new Set([...differences(told, database, limit), ...stillOpen]);
  return differences({ ...before, ...told }, database, limit).filter((attribute) => now.has(attribute));
}

function lastKnown(told: UserVersion, open: UserConflict | undefined): UserVersion {
  return known({ ...open?.deviceData, ...told });
}

/** A short name of all that is shown of a conflict. */
function digestOf(type: ConflictType, facts: Omit<Finding, 'deviceUserId' | 'type' | 'version'>): string {
  const { device, database, agreed, differing, claims, personId, personType } = facts;
  const shown = [type, personType, personId, device, database, agreed, differing, claims];
  return createHash('sha256').update(JSON.stringify(shown)).digest('hex').slice(0, 16);
}
