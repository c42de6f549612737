import { canonicalDeviceUserId } from '@app/kernel';
import { NameIndex, type NameMatch } from '@app/name-matching';
import { type RosterPerson } from '@app/people';

/** Active people, to be found by name, reference and card. */
export class RosterIndex {
  private readonly people = new Map<string, RosterPerson>();
  private readonly names = new NameIndex();
  private readonly references = new Map<string, string[]>();
  private readonly cards = new Map<string, string[]>();

  get size(): number {
    return this.people.size;
  }

  add(person: RosterPerson): void {
    const { personId, name, externalReference, cardNumber } = person;
    this.people.set(personId, person);
    this.names.add(personId, name);
    append(this.references, canonicalReference(externalReference), personId);
    append(this.cards, canonicalCard(cardNumber), personId);
  }

  find(personId: string): RosterPerson | undefined {
    return this.people.get(personId);
  }

  /** The ids of the people whose reference is this device user ID. */
  byReference(deviceUserId: string): readonly string[] {
    return this.references.get(canonicalDeviceUserId(deviceUserId)) ?? [];
  }

  byCard(cardNumber: string): readonly string[] {
    return this.cards.get(cardNumber) ?? [];
  }

  /** The people whose names are most like this one, best first. */
  byName(shown: string, limit: number, accepts: (personId: string) => boolean): NameMatch[] {
    return this.names.search(shown, limit, accepts);
  }
}

/** As a device user ID is compared; null when there is none. */
export function canonicalReference(reference: string | null): string | null {
  return canonicalDeviceUserId(reference ?? '') || null;
}

/** Without leading zeros and blanks; null when there is none: a terminal writes 0 for "no card". */
export function canonicalCard(cardNumber: string | null): string | null {
  return (cardNumber ?? '').trim().replace(/^0+/, '') || null;
}

function append(map: Map<string, string[]>, key: string | null, personId: string): void {
  if (key === null) return;
  const known = map.get(key);
  if (known === undefined) map.set(key, [personId]);
  else known.push(personId);
}
