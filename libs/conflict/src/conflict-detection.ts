import { type Tx } from '@app/database';
import { type DeviceUser } from '@app/device-gateway';
import { type MappedUser, PersonAttributes } from '@app/people';
import { Injectable } from '@nestjs/common';
import { areSameClaims, CardClaims, cardsOf } from './claims.js';
import { type ConflictType, type UserConflict } from './conflict.entity.js';
import { ConflictLedger, type DetectionContext, type DetectionTotals } from './conflict.ledger.js';
import { ConflictRepository } from './conflict.repository.js';
import { type Finding, findingsOf } from './finding.js';
import { COMPARED_ATTRIBUTES, deviceVersionOf, type UserVersion } from './user-version.js';

const NOBODY: ReadonlyMap<ConflictType, UserConflict> = new Map();

/** Compares what a device told with what the database holds, and lets the open records say what is so. */
@Injectable()
export class ConflictDetection {
  constructor(
    private readonly people: PersonAttributes,
    private readonly conflicts: ConflictRepository,
    private readonly ledger: ConflictLedger,
  ) {}

  /** Everybody on a device, out of a complete read. */
  async detectAll(tx: Tx, context: DetectionContext, users: readonly DeviceUser[]): Promise<DetectionTotals> {
    const { deviceId, nameLimit } = context;
    await this.conflicts.takeTurn(tx, deviceId);
    const everybody = await this.people.mappedUsers(tx, deviceId);
    const mapped = new Map<string, MappedUser>(everybody.map((user) => [user.deviceUserId, user]));
    const open = await this.conflicts.findOpen(tx, deviceId);
    const read = users.map((user) => ({ deviceUserId: user.deviceUserId, told: deviceVersionOf(user) }));
    const known = read.flatMap(({ deviceUserId, told }) => {
      const user = mapped.get(deviceUserId);
      return user ? [{ user, told }] : [];
    });
    await this.people.adopt(
      tx,
      known.filter(isFirstTold).map(({ user, told }) => ({ mappingId: user.mappingId, attributes: told })),
    );
    const shared = await this.people.sharedCards(tx, [
      ...new Set(known.flatMap(({ user, told }) => cardsOf(user, told))),
    ]);
    const strangers = read.filter(({ deviceUserId }) => !mapped.has(deviceUserId));
    const claims = new CardClaims(strangers, shared);
    const openOf = byUser(open);
    const found = known.flatMap(({ user, told }) => {
      const records = openOf.get(user.deviceUserId) ?? NOBODY;
      return findingsOf(user, told, records, claims.of(user, told, records.get('duplicate_id')), nameLimit);
    });
    // Of mapped users who are not on the device nothing can be said, and what is open of them stays.
    const seen = new Set<string>(read.map(({ deviceUserId }) => deviceUserId));
    const concerned = open.filter(({ deviceUserId }) => seen.has(deviceUserId) || !mapped.has(deviceUserId));
    return this.ledger.reconcile(tx, context, concerned, await this.withoutSettledClaims(tx, deviceId, open, found));
  }

  /**
   * One mapped user, when one of its conflicts has just been settled. Claims of others cannot be looked for in that: they
   * stay for as long as the card does.
   */
  async reevaluate(tx: Tx, context: DetectionContext, mapped: MappedUser, told: UserVersion): Promise<DetectionTotals> {
    await this.conflicts.takeTurn(tx, context.deviceId);
    const open = await this.conflicts.findOpen(tx, context.deviceId, mapped.deviceUserId);
    const records = byUser(open).get(mapped.deviceUserId) ?? NOBODY;
    const cards = new Set(cardsOf(mapped, told));
    const claims = (records.get('duplicate_id')?.claims ?? []).filter(({ card_number: card }) => cards.has(card));
    const found = findingsOf(mapped, told, records, claims, context.nameLimit);
    return this.ledger.reconcile(tx, context, open, found);
  }

  /** Claims that an administrator has seen and settled are not brought up again, unless others come. */
  private async withoutSettledClaims(
    tx: Tx,
    deviceId: string,
    open: readonly UserConflict[],
    found: readonly Finding[],
  ): Promise<Finding[]> {
    const claimed = found.some(({ type }) => type === 'duplicate_id');
    if (!claimed) return [...found];
    const isOpen = new Set(
      open.filter((each) => each.conflictType === 'duplicate_id').map((each) => each.deviceUserId),
    );
    const settled = await this.conflicts.findLastSettled(tx, deviceId, 'duplicate_id');
    return found.filter(({ type, deviceUserId, claims }) => {
      const last = type === 'duplicate_id' && !isOpen.has(deviceUserId) ? settled.get(deviceUserId) : undefined;
      return !last || !areSameClaims(last.claims, claims);
    });
  }
}

/** Whether a device tells an attribute that it had not told yet when the mapping was made. */
function isFirstTold({ user: { adopted }, told }: { readonly user: MappedUser; readonly told: UserVersion }): boolean {
  return COMPARED_ATTRIBUTES.some((attribute) => adopted[attribute] === undefined && told[attribute] !== undefined);
}

function byUser(conflicts: readonly UserConflict[]): Map<string, Map<ConflictType, UserConflict>> {
  const users = new Map<string, Map<ConflictType, UserConflict>>();
  for (const conflict of conflicts) {
    const ofUser = users.get(conflict.deviceUserId) ?? new Map<ConflictType, UserConflict>();
    users.set(conflict.deviceUserId, ofUser.set(conflict.conflictType, conflict));
  }
  return users;
}
