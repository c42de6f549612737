import { BackupNumber, credentialKind, isKnownFirmware, takesProfiles } from '@app/aiface-protocol';
import { nameEncoder } from '@app/device-gateway/sessions';
import { UnknownFirmwareError, UnwritableValueError } from '../device-writer.errors.js';
import { type UserChange } from '../device-writer.js';
import { fitName } from '../fit-name.js';
import { type AifaceCredential, type AifaceUser } from './aiface-snapshot.js';

/** What documents promise that a card number may have at least (3.2). */
const HIGHEST_CARD = 0xffff_ffff;
const HIGHEST_ADMIN = 2;
/** Credentials that can be written again as they are to carry a name; faces are judged anew each time, and may be refused. */
const CARRYING = ['card', 'pin', 'fingerprint'];

/**
 * The user with the change in it.
 * @throws {UnwritableValueError} a value does not fit, or such terminals have no such attribute
 * @throws {UnknownFirmwareError} a credential would have to be deleted
 */
export function changedUser(held: AifaceUser, change: UserChange, firmware: string | undefined): AifaceUser {
  const { name, cardNumber, privilege, groupId, timezoneId, hasPin } = change;
  if (groupId !== undefined) throw noSuch('groups', `the group ${groupId}`);
  if (timezoneId !== undefined && timezoneId !== null) throw noSuch('time zones', `the time zones "${timezoneId}"`);
  let { credentials } = held;
  if (cardNumber !== undefined) credentials = withCard(credentials, cardNumber);
  if (hasPin === false) credentials = without(credentials, BackupNumber.PIN);
  requireCredentialsLeft(held, credentials, firmware);
  const changed: AifaceUser = {
    ...held,
    credentials,
    name: name === undefined ? held.name : nameOf(name),
    admin: privilege === undefined ? held.admin : adminOf(privilege),
  };
  requireCarrier(held, changed, firmware);
  return changed;
}

/** Whether what makes these two differ is nothing but what a change can change. */
export function isChangeOf(before: AifaceUser, after: AifaceUser): boolean {
  const changeable: number[] = [BackupNumber.PIN, BackupNumber.CARD];
  const rest = ({ name: _name, admin: _admin, credentials, ...others }: AifaceUser): string =>
    JSON.stringify([others, credentials.filter(({ backupNumber }) => !changeable.includes(backupNumber))]);
  const pinOf = ({ credentials }: AifaceUser): AifaceCredential | undefined =>
    credentials.find(({ backupNumber }) => backupNumber === BackupNumber.PIN);
  const pin = pinOf(after);
  return rest(before) === rest(after) && (pin === undefined || pin.record === pinOf(before)?.record);
}

/** The number of a credential that can carry a name; undefined: none of these. */
export function carrying(credentials: readonly AifaceCredential[]): number[] {
  return credentials
    .map(({ backupNumber }) => backupNumber)
    .filter((number) => CARRYING.includes(credentialKind(number)));
}

function nameOf(name: string | null): string {
  if (name === null || name === '') return '';
  const field = { encoding: 'utf-8', encode: nameEncoder('utf-8') };
  return fitName(name, field, { shorten: false }).toString('utf8');
}

function withCard(credentials: readonly AifaceCredential[], cardNumber: string | null): readonly AifaceCredential[] {
  if (cardNumber === null) return without(credentials, BackupNumber.CARD);
  if (!/^[1-9]\d{0,15}$/.test(cardNumber) || Number(cardNumber) > HIGHEST_CARD) {
    throw new UnwritableValueError(
      `The card number "${cardNumber}" does not fit the terminal: 1 to ${HIGHEST_CARD} do, in decimal without leading zeros`,
      { details: { cardNumber, bound: HIGHEST_CARD } },
    );
  }
  const held = credentials.find(({ backupNumber }) => backupNumber === BackupNumber.CARD);
  if (held && String(held.record) === cardNumber) return credentials;
  const record = typeof held?.record === 'string' ? cardNumber : Number(cardNumber);
  const others = without(credentials, BackupNumber.CARD);
  return [...others, { backupNumber: BackupNumber.CARD, record }].toSorted((a, b) => a.backupNumber - b.backupNumber);
}

function without(credentials: readonly AifaceCredential[], number: number): readonly AifaceCredential[] {
  return credentials.filter(({ backupNumber }) => backupNumber !== number);
}

function adminOf(privilege: number): number {
  if (Number.isInteger(privilege) && privilege >= 0 && privilege <= HIGHEST_ADMIN) return privilege;
  throw new UnwritableValueError(
    `The privilege ${privilege} does not fit the terminal: 0 (user), 1 (administrator) and 2 (super user) do`,
    { details: { value: privilege, bound: HIGHEST_ADMIN } },
  );
}

function requireCredentialsLeft(
  { credentials: before, rawEnrollId }: AifaceUser,
  after: readonly AifaceCredential[],
  firmware: string | undefined,
): void {
  if (after.length >= before.length) return;
  requireKnownFirmware(firmware);
  if (after.length > 0) return;
  throw new UnwritableValueError(
    `User ${rawEnrollId} would have no credential left, and the terminal may drop such users; enrol another one first`,
  );
}

function requireCarrier(before: AifaceUser, after: AifaceUser, firmware: string | undefined): void {
  const named = before.name !== after.name || before.admin !== after.admin;
  if (!named || takesProfiles(firmware) || carrying(after.credentials).length > 0) return;
  throw new UnwritableValueError(
    `This firmware (${firmware ?? 'not told'}) takes a name or a role only together with a card, a PIN or a fingerprint, and user ` +
      `${before.rawEnrollId} has none of these; change it at the terminal, or update the firmware to 5.09`,
  );
}

/** @throws {UnknownFirmwareError} nobody knows what `deleteuser` deletes there (aiface-protocol 12, no. 5) */
export function requireKnownFirmware(firmware: string | undefined): void {
  if (isKnownFirmware(firmware)) return;
  throw new UnknownFirmwareError(
    `It is not known what firmware ${JSON.stringify(firmware ?? 'that was not told')} deletes when it is told to delete a ` +
      'credential or a user; delete it at the terminal',
    { details: { firmware } },
  );
}

function noSuch(what: string, asked: string): UnwritableValueError {
  return new UnwritableValueError(
    `Terminals of this kind have no ${what}, so that ${asked} cannot be written; leave it out`,
  );
}
