import { type DeviceUser } from '@app/device-gateway';
import { type AdoptedAttributes, type MappedUser } from '@app/people';

/** What is compared (requirement 4), by the names that the wire and the stored versions use. */
export const COMPARED_ATTRIBUTES = [
  'name',
  'card_number',
  'privilege',
  'group_id',
  'timezone_id',
  'has_pin',
] as const satisfies readonly (keyof AdoptedAttributes)[];
export type ComparedAttribute = (typeof COMPARED_ATTRIBUTES)[number];

/** One side's values. What it did not tell is missing, and is not compared; null is that there is none. */
export type UserVersion = AdoptedAttributes;

/** What a read tells of a user. Details or a privilege that the terminal was not asked for are missing. */
export function deviceVersionOf({ details, privilege, groupId, timezoneId, hasPin }: DeviceUser): UserVersion {
  return {
    ...(details && { name: wellFormed(details.name), card_number: details.cardNumber }),
    ...(privilege !== undefined && { privilege }),
    group_id: groupId,
    timezone_id: timezoneId,
    has_pin: hasPin,
  };
}

/**
 * What the database holds of a mapped user: the person's name, the person's card where there is one, and for all else
 * what was adopted from the device.
 */
export function databaseVersionOf({ adopted, person }: Pick<MappedUser, 'adopted' | 'person'>): UserVersion {
  const version: UserVersion = known(adopted);
  if (!person) return version;
  const card = normalised('card_number', person.cardNumber);
  return { ...version, name: person.name, ...(card !== null && { card_number: person.cardNumber }) };
}

/** The attributes that are compared and no others, in their order. */
export function known(version: UserVersion): UserVersion {
  return Object.fromEntries(
    COMPARED_ATTRIBUTES.filter((attribute) => version[attribute] !== undefined).map((attribute) => [
      attribute,
      version[attribute],
    ]),
  );
}

/**
 * A value as it is compared: text in NFC with single blanks and none around it, a card without leading zeros, and
 * nothing at all as null.
 */
export function normalised<A extends ComparedAttribute>(
  attribute: A,
  value: AdoptedAttributes[A],
): Exclude<AdoptedAttributes[A], undefined> | null {
  if (typeof value !== 'string') return (value ?? null) as Exclude<AdoptedAttributes[A], undefined> | null;
  const text = value.normalize('NFC').replace(/\s+/gu, ' ').trim();
  const wanted = attribute === 'card_number' ? text.replace(/^0+/, '') : text;
  return wanted === '' ? null : (wanted as Exclude<AdoptedAttributes[A], undefined>);
}

/** A half of a character stands for nothing, and the database takes none. */
function wellFormed(text: string | null): string | null {
  return text === null ? null : Buffer.from(text).toString();
}
