import { type NameEncoding } from '@app/device-gateway';
import { nameEncoder } from '@app/device-gateway/sessions';
import { patchUserRecord, type UserBounds, userBounds, type UserPatch, widthOf } from '@app/zk-protocol';
import { UnwritableValueError } from '../device-writer.errors.js';
import { type PlanOptions, type UserChange } from '../device-writer.js';
import { fitName } from '../fit-name.js';

const NO_NAME = Buffer.alloc(0);
const HIGHEST_BYTE = 0xff;

/**
 * The record with the change in it, every other byte as it was.
 * @throws {UnwritableValueError} a value does not fit the record
 */
export function changedRecord(
  record: Buffer,
  change: UserChange,
  encoding: NameEncoding,
  { shortenName = false }: PlanOptions,
): Buffer {
  const bounds = userBounds(widthOf(record));
  const { name, cardNumber, privilege, groupId, timezoneId, hasPin } = change;
  const patch: UserPatch = {
    ...(name === undefined ? {} : { name: nameBytes(name, encoding, bounds, shortenName) }),
    ...(cardNumber === undefined ? {} : { card: cardOf(cardNumber, bounds) }),
    ...(privilege === undefined ? {} : { privilege: byteOf('privilege', privilege) }),
    ...(groupId === undefined ? {} : { group: byteOf('group', groupId) }),
    ...(timezoneId === undefined ? {} : { zones: zonesOf(timezoneId, bounds) }),
    ...(hasPin === undefined ? {} : { pin: 'none' }),
  };
  return patchUserRecord(record, patch);
}

function nameBytes(name: string | null, encoding: NameEncoding, bounds: UserBounds, shorten: boolean): Buffer {
  if (name === null || name === '') return NO_NAME;
  const known = encoding === 'auto' ? 'utf-8' : encoding;
  return fitName(name, { encoding: known, encode: nameEncoder(encoding), bytes: bounds.nameBytes }, { shorten });
}

function cardOf(cardNumber: string | null, { highestCard }: UserBounds): number {
  if (cardNumber === null) return 0;
  if (/^[1-9]\d{0,15}$/.test(cardNumber) && Number(cardNumber) <= highestCard) return Number(cardNumber);
  throw new UnwritableValueError(
    `The card number "${cardNumber}" does not fit the terminal: 1 to ${highestCard} do, in decimal without leading zeros`,
    { details: { cardNumber, bound: highestCard } },
  );
}

function byteOf(what: string, value: number): number {
  if (Number.isInteger(value) && value >= 0 && value <= HIGHEST_BYTE) return value;
  throw new UnwritableValueError(`The ${what} ${value} does not fit the terminal: 0 to ${HIGHEST_BYTE} do`, {
    details: { value, bound: HIGHEST_BYTE },
  });
}

function zonesOf(timezoneId: string | null, { zones: count, highestZone }: UserBounds): number[] {
  if (timezoneId === null) return [];
  const zones = timezoneId.split(',');
  const fit = zones.every((zone) => /^\d{1,5}$/.test(zone) && Number(zone) <= highestZone);
  // In the only zone of an old record, 0 is how it says that those of the group are in force.
  if (fit && zones.length === count && (count > 1 || Number(zones[0]) > 0)) return zones.map(Number);
  throw new UnwritableValueError(
    `The time zones "${timezoneId}" do not fit the terminal: ${count === 1 ? `1 to ${highestZone}` : `${count} numbers up to ${highestZone}, as in "2,1,0"`} do`,
    { details: { timezoneId, zones: count } },
  );
}
