import { type UserChange } from '@app/device-writer';
import { type AppError } from '@app/kernel';
import { type MappedUser } from '@app/people';
import { type UserConflict } from './conflict.entity.js';
import { EmptyValueError, PinUnknownError, VainChoiceError } from './conflict.errors.js';
import { type NameLimit } from './name-limit.js';
import { type Choices, type Outcome, outcomesOf, settle, type Strategy, vainChoices } from './rules.js';
import { normalised, type UserVersion } from './user-version.js';

/** What an administrator decided. */
export interface Decision {
  readonly strategy: Strategy;
  /** For a merge, which side to take where both have a value. */
  readonly choices?: Choices;
}

/** What a decision comes to, before anything is done. */
export interface ResolutionPlan {
  readonly outcomes: readonly Outcome[];
  /** The values that the database will hold. */
  readonly database: UserVersion;
  /** What is to be written to the device; empty: it is only read. */
  readonly change: UserChange;
  /** What changes of the person; the mapping keeps the rest. */
  readonly person: { readonly name?: string; readonly cardNumber?: string | null };
  /** Why it cannot be done. */
  readonly refusal?: AppError;
}

/** Works out a decision on the versions that a conflict shows. Pure; nothing is looked up. */
export function planResolution(
  conflict: Pick<UserConflict, 'deviceUserId' | 'deviceData' | 'databaseData'>,
  person: MappedUser['person'],
  { strategy, choices = {} }: Decision,
  limit: NameLimit,
): ResolutionPlan {
  const { deviceUserId, deviceData: device, databaseData: database } = conflict;
  const outcomes = outcomesOf(strategy, device, database, limit, choices);
  const settled = settle(outcomes, device, database);
  const toDevice = outcomes.filter(({ from }) => from === 'database').map(({ attribute }) => attribute);
  const toDatabase = outcomes.filter(({ from }) => from === 'device').map(({ attribute }) => attribute);
  const refusal = (): AppError | undefined => {
    if (strategy !== 'merge' && Object.keys(choices).length > 0) return VainChoiceError.withoutMerge(strategy);
    const vain = strategy === 'merge' ? vainChoices(device, database, choices) : [];
    if (vain.length > 0) return VainChoiceError.ofEmpty(vain);
    if (toDevice.includes('has_pin') && database.has_pin === true) return new PinUnknownError(deviceUserId);
    const missing = toDevice.find(
      (attribute) => ['privilege', 'group_id'].includes(attribute) && database[attribute] === null,
    );
    if (missing) return new EmptyValueError(missing, strategy);
    if (toDatabase.includes('name') && person && normalised('name', device.name) === null)
      return new EmptyValueError('name', strategy);
    return undefined;
  };
  return {
    outcomes,
    database: settled.database,
    change: changeOf(toDevice, database),
    person: person ? personChangeOf(toDatabase, device, person) : {},
    refusal: refusal(),
  };
}

/** Only what differs; everything else of the user stays as the device has it. */
function changeOf(attributes: readonly Outcome['attribute'][], wanted: UserVersion): UserChange {
  const has = new Set(attributes);
  return {
    ...(has.has('name') && { name: normalised('name', wanted.name) }),
    ...(has.has('card_number') && { cardNumber: normalised('card_number', wanted.card_number) }),
    ...(has.has('privilege') && typeof wanted.privilege === 'number' && { privilege: wanted.privilege }),
    ...(has.has('group_id') && typeof wanted.group_id === 'number' && { groupId: wanted.group_id }),
    ...(has.has('timezone_id') && { timezoneId: normalised('timezone_id', wanted.timezone_id) }),
    ...(has.has('has_pin') && wanted.has_pin === false && { hasPin: false }),
  };
}

/** A card is changed where it is kept: with the person who has one, else in the mapping alone. */
function personChangeOf(
  attributes: readonly Outcome['attribute'][],
  device: UserVersion,
  person: NonNullable<MappedUser['person']>,
): ResolutionPlan['person'] {
  const name = attributes.includes('name') ? normalised('name', device.name) : null;
  const hasCard = normalised('card_number', person.cardNumber) !== null;
  return {
    ...(name !== null && { name }),
    ...(attributes.includes('card_number') && hasCard && { cardNumber: normalised('card_number', device.card_number) }),
  };
}
