import {
  AifaceFormatError,
  BackupNumber,
  type Credential,
  credentialKind,
  decodeCredential,
  field,
  type Fields,
  integerField,
  type ListedUser,
  PROFILE_FIELDS,
  type ProfileFields,
  textField,
} from '@app/aiface-protocol';
import { type DeviceUserId } from '@app/kernel';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { readName } from './user-details.js';
import { type AifaceSession } from './user-list.js';

/** What a terminal tells of one user when it is asked for each thing by itself. */
export interface AifaceUserRead {
  readonly rawEnrollId: string;
  readonly name: string;
  readonly admin: number;
  /** Attributes that a profile has, as they were told; undefined: this firmware tells no profile. */
  readonly profile?: ProfileFields;
  /** Every credential that is listed, by its number; without its record unless that was asked for. */
  readonly credentials: readonly { readonly backupNumber: number; readonly record?: Credential['record'] }[];
}

/**
 * Asks for a listed user: the profile, and the contents of these credentials. A credential that is listed and not given
 * makes the read fail: somebody has changed the user meanwhile. With `onWithheld` it is left out and told instead, for who
 * looks at the list again afterwards.
 * @throws {IncompleteReadError} @throws {DeviceError}
 */
export async function readUserOf(
  session: AifaceSession,
  listed: ListedUser,
  wanted: (backupNumber: number) => boolean,
  onWithheld?: (backupNumber: number) => void,
): Promise<AifaceUserRead> {
  const { enrollId, rawEnrollId } = listed;
  const profile = await readProfile(session, enrollId);
  const told = new Map<number, Credential>();
  let backupNumbers = listed.backupNumbers.toSorted((a, b) => a - b);
  for (const number of backupNumbers.filter(wanted)) {
    // A refusal is asked for again before it is believed: a busy terminal gives one too.
    const credential =
      (await findCredential(session, enrollId, number)) ??
      (onWithheld && (await findCredential(session, enrollId, number)));
    if (credential) told.set(number, credential);
    else if (!onWithheld) throw notGiven(enrollId, number);
    else {
      onWithheld(number);
      backupNumbers = backupNumbers.filter((each) => each !== number);
    }
  }
  const [first] = told.values();
  const about = profile ?? first ?? (await readNamed(session, { ...listed, backupNumbers }));
  const credentials = backupNumbers.map((backupNumber) => ({ backupNumber, record: told.get(backupNumber)?.record }));
  const { name, admin = listed.admin ?? 0 } = about;
  return { rawEnrollId, name, admin, profile: profile?.fields, credentials };
}

/** @throws {IncompleteReadError} it is not there any more @throws {DeviceError} */
export async function readCredential(
  session: AifaceSession,
  enrollid: DeviceUserId,
  backupnum: number,
): Promise<Credential> {
  const credential = await findCredential(session, enrollid, backupnum);
  if (!credential) throw notGiven(enrollid, backupnum);
  return credential;
}

/** Undefined: the terminal does not give it. @throws {DeviceError} */
async function findCredential(
  { connection, timeouts, signal }: AifaceSession,
  enrollid: DeviceUserId,
  backupnum: number,
): Promise<Credential | undefined> {
  const reply = await connection.ask({ cmd: 'getuserinfo', enrollid, backupnum }, timeouts.replyMs, signal);
  if (reply.ok !== true) return undefined;
  try {
    const credential = decodeCredential(reply.fields);
    if (credential.enrollId === enrollid && credential.backupNumber === backupnum) return credential;
  } catch (error) {
    if (!(error instanceof AifaceFormatError)) throw error;
    throw new DeviceError('device/protocol-violation', error.message, { cause: error });
  }
  throw new DeviceError(
    'device/protocol-violation',
    `The terminal gave another credential than ${backupnum} of user ${enrollid}`,
  );
}

function notGiven(enrollid: DeviceUserId, backupnum: number): IncompleteReadError {
  return new IncompleteReadError(
    'list-changed',
    `The terminal lists credential ${backupnum} of user ${enrollid}, and does not give it; read it again`,
    { deviceUserId: enrollid, backupnum },
  );
}

/** Whether the terminal gives a credential. @throws {DeviceError} */
export async function hasCredential(
  { connection, timeouts, signal }: AifaceSession,
  enrollid: DeviceUserId,
  backupnum: number,
): Promise<boolean> {
  const reply = await connection.ask({ cmd: 'getuserinfo', enrollid, backupnum }, timeouts.replyMs, signal);
  return reply.ok !== false;
}

interface Profile {
  readonly name: string;
  readonly admin?: number;
  readonly fields: ProfileFields;
}

/** Without a number newer firmware gives the profile; older gives some credential, or refuses (5). */
async function readProfile(
  { connection, timeouts, signal }: AifaceSession,
  enrollid: DeviceUserId,
): Promise<Profile | undefined> {
  const { ok, fields } = await connection.ask({ cmd: 'getuserinfo', enrollid }, timeouts.replyMs, signal);
  const name = textField(fields, 'name');
  const isProfile = ok === true && field(fields, 'enrollid') !== undefined && field(fields, 'record') === undefined;
  if (!isProfile || name === undefined) return undefined;
  return { name, admin: integerField(fields, 'admin'), fields: profileFields(fields) };
}

function profileFields(fields: Fields): ProfileFields {
  return Object.fromEntries(
    PROFILE_FIELDS.flatMap((key) => {
      const value = field(fields, key);
      return typeof value === 'string' || typeof value === 'number' ? [[key, value]] : [];
    }),
  );
}

/** The name out of the smallest credential that is no secret by itself, or else asked for by itself. */
async function readNamed(
  session: AifaceSession,
  { enrollId, backupNumbers }: ListedUser,
): Promise<{ readonly name: string; readonly admin?: number }> {
  const carrier = carrierOf(backupNumbers.filter((number) => number !== BackupNumber.PIN));
  if (carrier !== undefined) return readCredential(session, enrollId, carrier);
  const name = await readName(session, enrollId);
  if (name !== undefined) return { name };
  throw new IncompleteReadError(
    'list-changed',
    `The terminal lists user ${enrollId}, and tells no name; read it again`,
    {
      deviceUserId: enrollId,
    },
  );
}

const BY_SIZE = ['card', 'pin', 'fingerprint', 'palm', 'face', 'photo', 'other'] as const;

/** The smallest of these credentials; undefined: there is none. */
export function carrierOf(backupNumbers: readonly number[]): number | undefined {
  const sizeOf = (number: number): number => BY_SIZE.indexOf(credentialKind(number));
  return backupNumbers.toSorted((a, b) => sizeOf(a) - sizeOf(b) || a - b).at(0);
}
