import { type DeviceUserId } from '@app/kernel';
import { type CardHolder, type MappedUser } from '@app/people';
import { type Claim, type UserConflict } from './conflict.entity.js';
import { databaseVersionOf, normalised, type UserVersion } from './user-version.js';

/** A user of the device as a read told it. */
export interface ToldUser {
  readonly deviceUserId: DeviceUserId;
  readonly told: UserVersion;
}

/**
 * Who else claims to be a mapped user. A card is one person's: an unmapped user of the same device who carries that of a
 * mapped one is a second ID of the same person, and an ID whose card several people have is claimed for all of them.
 */
export class CardClaims {
  private readonly strangers = new Map<string, Claim[]>();
  private readonly untold = new Set<string>();

  /** @param strangers the unmapped users of the device, all of them */
  constructor(
    strangers: readonly ToldUser[],
    private readonly sharedCards: ReadonlyMap<string, readonly CardHolder[]>,
  ) {
    for (const { deviceUserId, told } of strangers) {
      if (told.card_number === undefined) this.untold.add(deviceUserId);
      const card = cardOf(told);
      if (card === null) continue;
      const claim = { device_user_id: deviceUserId, name: told.name ?? null, card_number: card };
      this.strangers.set(card, [...(this.strangers.get(card) ?? []), claim]);
    }
  }

  /** The claims on a mapped user; of an unmapped one whose card was not told this time, what was known. */
  of(mapped: MappedUser, told: UserVersion, open: UserConflict | undefined): Claim[] {
    const card = cardOf(databaseVersionOf(mapped));
    const strangers = card === null ? [] : (this.strangers.get(card) ?? []);
    const remembered = (open?.claims ?? []).filter(
      (claim) =>
        claim.device_user_id !== undefined && this.untold.has(claim.device_user_id) && claim.card_number === card,
    );
    const known = [...remembered, ...strangers].toSorted((a, b) =>
      String(a.device_user_id) < String(b.device_user_id) ? -1 : 1,
    );
    return [...known, ...this.otherHolders(mapped, [card, cardOf(told)])];
  }

  private otherHolders({ personId }: MappedUser, cards: readonly (string | null)[]): Claim[] {
    const holders = [...new Set(cards)].flatMap((card) => (card === null ? [] : (this.sharedCards.get(card) ?? [])));
    return holders
      .filter((holder) => holder.personId !== personId)
      .map((holder) => ({
        person_id: holder.personId,
        person_type: holder.personType,
        name: holder.name,
        card_number: holder.cardNumber,
      }));
  }
}

/** Every card that the database or the device has of a user. */
export function cardsOf(mapped: MappedUser, told: UserVersion): string[] {
  return [cardOf(databaseVersionOf(mapped)), cardOf(told)].filter((card) => card !== null);
}

/** Whether claims are the same ones, whatever the names behind them are now. */
export function areSameClaims(some: readonly Claim[], others: readonly Claim[]): boolean {
  const keys = (claims: readonly Claim[]): string =>
    JSON.stringify(
      claims.map(({ device_user_id, person_id, card_number }) => [device_user_id, person_id, card_number]).toSorted(),
    );
  return keys(some) === keys(others);
}

function cardOf({ card_number: card }: UserVersion): string | null {
  return normalised('card_number', card);
}
