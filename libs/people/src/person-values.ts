import { type PersonType } from '@app/kernel';
import { InvalidPersonError } from './people-directory.errors.js';
import { type Field, type FieldRefusal, readCardNumber, readName, readReference } from './person-fields.js';
import { type Person } from './person.entity.js';

/** What a caller tells of a person, as it came. What is undefined stays as it is; null is none. */
export interface ToldPerson {
  readonly externalReference?: string | null;
  readonly name?: string;
  readonly cardNumber?: string | null;
  readonly active?: boolean;
}

/** The fields that can change, in canonical form. */
export type PersonValues = Pick<Person, 'externalReference' | 'name' | 'cardNumber' | 'active'>;

/** A person who is still to be made: a name is a must. */
export interface NewPerson extends ToldPerson {
  readonly personType: PersonType;
  readonly name: string;
}

/**
 * What was told, in canonical form.
 * @throws {InvalidPersonError} naming every value that cannot be
 */
export function canonicalValues(told: ToldPerson): Partial<PersonValues> {
  const refusals: FieldRefusal[] = [];
  const read = <T>(text: string | null | undefined, reader: (text: string) => Field<T>): T | null | undefined => {
    if (text === undefined || text === null) return text;
    const field = reader(text);
    if ('value' in field) return field.value;
    refusals.push(field.refusal);
    return undefined;
  };
  const values = {
    externalReference: read(told.externalReference, readReference),
    name: read(told.name, readName) ?? undefined,
    cardNumber: read(told.cardNumber, readCardNumber),
    active: told.active,
  };
  if (refusals.length > 0) throw new InvalidPersonError(refusals);
  return values;
}

/** One field that changes, before and after. */
export interface FieldChange {
  readonly from: string | boolean | null;
  readonly to: string | boolean | null;
}

/** The wire's names of the fields. */
const WIRE_NAMES = {
  externalReference: 'external_reference',
  name: 'name',
  cardNumber: 'card_number',
  active: 'active',
} as const satisfies Record<keyof PersonValues, string>;

/** What would change, by the wire's name of each field; empty: nothing. */
export function changesOf(before: PersonValues, wanted: Partial<PersonValues>): Record<string, FieldChange> {
  const changes: Record<string, FieldChange> = {};
  for (const [field, wireName] of Object.entries(WIRE_NAMES) as [keyof PersonValues, string][]) {
    const [from, to] = [before[field], wanted[field]];
    if (to !== undefined && to !== from) changes[wireName] = { from, to };
  }
  return changes;
}
