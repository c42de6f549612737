import { type AdoptedAttributes } from '@app/people';
import { isSameName, type NameLimit } from './name-limit.js';
import { COMPARED_ATTRIBUTES, type ComparedAttribute, known, normalised, type UserVersion } from './user-version.js';

export const STRATEGIES = ['use_device', 'use_database', 'merge'] as const;
/** How a conflict is settled; each per attribute, and only where the sides differ. */
export type Strategy = (typeof STRATEGIES)[number];

export const SIDES = ['device', 'database'] as const;
export type Side = (typeof SIDES)[number];

/** Which side an administrator wants where both have a value. */
export type Choices = Partial<Readonly<Record<ComparedAttribute, Side>>>;

/** The attributes that both sides tell and in which they differ after normalisation. */
export function differences(device: UserVersion, database: UserVersion, limit: NameLimit): ComparedAttribute[] {
  return COMPARED_ATTRIBUTES.filter(
    (attribute) =>
      device[attribute] !== undefined &&
      database[attribute] !== undefined &&
      !isSame(attribute, device[attribute], database[attribute], limit),
  );
}

/** Whether a value on the device stands for a value of the database. */
export function isSame<A extends ComparedAttribute>(
  attribute: A,
  onDevice: AdoptedAttributes[A] | undefined,
  inDatabase: AdoptedAttributes[A] | undefined,
  limit: NameLimit,
): boolean {
  if (attribute === 'name')
    return isSameName((onDevice ?? null) as string | null, (inDatabase ?? null) as string | null, limit);
  return normalised(attribute, onDevice) === normalised(attribute, inDatabase);
}

/** Which side an attribute has moved on since both last agreed; undefined: that is not known of it. */
export function movedSince(
  agreed: UserVersion,
  device: UserVersion,
  database: UserVersion,
  limit: NameLimit,
): Partial<Record<ComparedAttribute, Side | 'both' | 'neither'>> {
  return Object.fromEntries(
    COMPARED_ATTRIBUTES.filter((attribute) => agreed[attribute] !== undefined).map((attribute) => {
      const moved = (now: UserVersion): boolean =>
        now[attribute] !== undefined &&
        normalised(attribute, now[attribute]) !== normalised(attribute, agreed[attribute]);
      const onDevice = moved(device);
      // What the device held then may be the beginning only of what the database has held all along.
      const inDatabase = moved(database) && !isSame(attribute, agreed[attribute], database[attribute], limit);
      return [attribute, onDevice && inDatabase ? 'both' : onDevice ? 'device' : inDatabase ? 'database' : 'neither'];
    }),
  );
}

/** What a strategy makes of an attribute in which the sides differ. */
export interface Outcome {
  readonly attribute: ComparedAttribute;
  /** The side whose value both will have. */
  readonly from: Side;
}

/**
 * What a strategy does with each attribute in which the sides differ. `merge` takes the only value that is there; where
 * both are, the administrator's choice, and without one the database's name and the device's everything else. Whether
 * somebody has a PIN is a value either way. The agreed version decides nothing here: what became empty on one side only
 * is filled again, as the requirement says, and who wants it empty says which side to use.
 */
export function outcomesOf(
  strategy: Strategy,
  device: UserVersion,
  database: UserVersion,
  limit: NameLimit,
  choices: Choices = {},
): Outcome[] {
  return differences(device, database, limit).map((attribute) => {
    if (strategy !== 'merge') return { attribute, from: strategy === 'use_device' ? 'device' : 'database' };
    const only = onlySide(attribute, device, database);
    return { attribute, from: only ?? choices[attribute] ?? (attribute === 'name' ? 'database' : 'device') };
  });
}

/** Both sides as a strategy leaves them, the values that were equal before untouched. */
export function settle(
  outcomes: readonly Outcome[],
  device: UserVersion,
  database: UserVersion,
): { readonly device: UserVersion; readonly database: UserVersion } {
  const take = (side: Side, to: UserVersion, from: UserVersion): UserVersion =>
    known({
      ...to,
      ...Object.fromEntries(
        outcomes.filter((outcome) => outcome.from === side).map(({ attribute }) => [attribute, from[attribute]]),
      ),
    });
  return { device: take('database', device, database), database: take('device', database, device) };
}

/** The values that a merge leaves on both sides; as outcomesOf. What one side alone tells is taken from there. */
export function merge(
  device: UserVersion,
  database: UserVersion,
  agreed: UserVersion,
  choices: Choices,
  limit: NameLimit,
): UserVersion {
  const settled = settle(outcomesOf('merge', device, database, limit, choices), device, database);
  return known({ ...agreed, ...settled.device, ...settled.database });
}

/** Choices for attributes in which there is nothing to choose, since one side alone has a value and it is the other. */
export function vainChoices(device: UserVersion, database: UserVersion, choices: Choices): ComparedAttribute[] {
  return COMPARED_ATTRIBUTES.filter((attribute) => {
    const only = onlySide(attribute, device, database);
    return choices[attribute] !== undefined && only !== undefined && choices[attribute] !== only;
  });
}

/** Whether two reads of one side show the same, so that what was decided on the one holds for the other. */
export function isUnchanged(shown: UserVersion, now: UserVersion): boolean {
  return COMPARED_ATTRIBUTES.every(
    (attribute) =>
      shown[attribute] === undefined ||
      now[attribute] === undefined ||
      normalised(attribute, shown[attribute]) === normalised(attribute, now[attribute]),
  );
}

function onlySide(attribute: ComparedAttribute, device: UserVersion, database: UserVersion): Side | undefined {
  const onDevice = normalised(attribute, device[attribute]) !== null;
  const inDatabase = normalised(attribute, database[attribute]) !== null;
  if (onDevice === inDatabase) return undefined;
  return onDevice ? 'device' : 'database';
}
