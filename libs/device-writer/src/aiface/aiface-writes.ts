import {
  BackupNumber,
  type CredentialKind,
  credentialKind,
  PROFILE_FIELDS,
  type ProfileFields,
  REST_OF_USER,
  takesProfiles,
  type WriteCommand,
} from '@app/aiface-protocol';
import { carrierOf } from '@app/device-gateway/sessions';
import { canonicalDeviceUserId } from '@app/kernel';
import { UnwritableValueError } from '../device-writer.errors.js';
import { carrying } from './aiface-plan.js';
import { type AifaceCredential, type AifaceUser } from './aiface-snapshot.js';

/** In which order credentials are written (10.2): what may be refused for its contents comes last. */
const ORDER: readonly CredentialKind[] = ['pin', 'card', 'fingerprint', 'palm', 'other', 'face', 'photo'];

/**
 * The fewest writes that make `after` out of `before`: attributes alone where the firmware takes them so, else along with a
 * card that is written anyway, else along with the smallest credential, written again as it is.
 * @param recordOf gives the record of a credential that was not read
 */
export async function changingWrites(
  before: AifaceUser,
  after: AifaceUser,
  firmware: string | undefined,
  recordOf: (backupNumber: number) => Promise<string | number>,
): Promise<WriteCommand[]> {
  const enrollid = canonicalDeviceUserId(after.rawEnrollId);
  const { name, admin } = after;
  const set = (backupnum: number, record: string | number): WriteCommand => {
    return { cmd: 'setuserinfo', enrollid, name, backupnum, admin, record };
  };
  const [cardBefore, card] = [before, after].map(cardIn);
  const named = before.name !== name || before.admin !== admin;
  const writes: WriteCommand[] = [];
  if (card !== undefined && card !== null && card !== cardBefore) writes.push(set(BackupNumber.CARD, card));
  else if (named && takesProfiles(firmware)) {
    const changed = { ...(before.name === name ? {} : { name }), ...(before.admin === admin ? {} : { admin }) };
    writes.push({ cmd: 'setuserinfo', enrollid, ...changed });
  } else if (named) {
    const carrier = carrierOf(carrying(after.credentials))!;
    writes.push(set(carrier, await recordOf(carrier)));
  }
  const left = new Set(after.credentials.map(({ backupNumber }) => backupNumber));
  for (const { backupNumber } of before.credentials) {
    if (!left.has(backupNumber)) writes.push({ cmd: 'deleteuser', enrollid, backupnum: backupNumber });
  }
  return writes;
}

/** Every listed credential by itself, then what is left: firmware differs in what a single command would delete (12, no. 5). */
export function deletingWrites({ rawEnrollId, credentials }: AifaceUser): WriteCommand[] {
  const enrollid = canonicalDeviceUserId(rawEnrollId);
  const numbers = [...credentials.map(({ backupNumber }) => backupNumber), REST_OF_USER];
  return numbers.map((backupnum) => ({ cmd: 'deleteuser', enrollid, backupnum }));
}

/**
 * Every credential in the order of the protocol; a user without any comes to be by attributes alone.
 * @throws {UnwritableValueError} the firmware takes no user without a credential
 */
export function restoringWrites(held: AifaceUser, firmware: string | undefined): WriteCommand[] {
  const { rawEnrollId, name, admin, credentials } = held;
  const enrollid = canonicalDeviceUserId(rawEnrollId);
  if (credentials.length === 0) {
    if (takesProfiles(firmware)) return [{ cmd: 'setuserinfo', enrollid, name, admin }];
    throw new UnwritableValueError(
      `User ${rawEnrollId} has no credential, and this firmware (${firmware ?? 'not told'}) takes none such; enrol the user at the terminal`,
    );
  }
  return settingWrites(held);
}

/**
 * What makes `after` out of a user who is there, and deletes nothing; the profile follows with profileWrites. Both of depth
 * `everything`.
 * @throws {UnwritableValueError} the firmware takes a name or a role only with a credential that can be written again
 */
export function mergingWrites(before: AifaceUser, after: AifaceUser, firmware: string | undefined): WriteCommand[] {
  const { rawEnrollId, name, admin } = after;
  const enrollid = canonicalDeviceUserId(rawEnrollId);
  const held = new Map(before.credentials.map((credential) => [credential.backupNumber, credential]));
  const differing = after.credentials.filter((credential) => {
    const now = held.get(credential.backupNumber);
    return !now || !sameCredential(now, credential);
  });
  const isNamed = before.name !== name || before.admin !== admin;
  if (differing.length > 0 || !isNamed) return settingWrites({ ...after, credentials: differing });
  if (takesProfiles(firmware)) return [{ cmd: 'setuserinfo', enrollid, name, admin }];
  const carrier = carrierOf(carrying(after.credentials));
  if (carrier === undefined) {
    throw new UnwritableValueError(
      `This firmware (${firmware ?? 'not told'}) takes a name or a role only together with a card, a PIN or a fingerprint, and user ` +
        `${rawEnrollId} has none of these; change it at the terminal, or update the firmware to 5.09`,
    );
  }
  return settingWrites({
    ...after,
    credentials: after.credentials.filter(({ backupNumber }) => backupNumber === carrier),
  });
}

/** Whether both are the same to a terminal, which may give a number as a text. */
export function sameCredential(one: AifaceCredential, other: AifaceCredential): boolean {
  return one.backupNumber === other.backupNumber && String(one.record) === String(other.record);
}

/** Each credential by itself, in the order of the protocol. */
function settingWrites({ rawEnrollId, name, admin, credentials }: AifaceUser): WriteCommand[] {
  const enrollid = canonicalDeviceUserId(rawEnrollId);
  const place = ({ backupNumber }: AifaceCredential): number => ORDER.indexOf(credentialKind(backupNumber));
  return credentials
    .toSorted((a, b) => place(a) - place(b) || a.backupNumber - b.backupNumber)
    .map(({ backupNumber: backupnum, record }) => {
      return { cmd: 'setuserinfo', enrollid, name, backupnum, admin, record: record! };
    });
}

/**
 * What of a profile is still another one once the credentials are written. A user who was switched off is switched off in both
 * ways, since each alone left a way in on some firmware (10.2); and so is one who is switched on again.
 */
export function profileWrites(
  { rawEnrollId, profile: wanted }: AifaceUser,
  found: ProfileFields | null,
  firmware: string | undefined,
): WriteCommand[] {
  const enrollid = canonicalDeviceUserId(rawEnrollId);
  const differing = Object.fromEntries(
    PROFILE_FIELDS.flatMap((key) =>
      wanted?.[key] === undefined || wanted[key] === found?.[key] ? [] : [[key, wanted[key]]],
    ),
  ) as ProfileFields;
  const writes: WriteCommand[] = [];
  if (Object.keys(differing).length > 0 && takesProfiles(firmware)) {
    writes.push({ cmd: 'setuserinfo', enrollid, ...differing });
  }
  if (wanted?.enable === undefined) return writes;
  const [isOn, wasOn] = [wanted, found].map((profile) => Number(profile?.enable ?? 1) !== 0);
  if (!isOn || !wasOn) writes.push({ cmd: 'enableuser', enrollid, enflag: isOn ? 1 : 0 });
  return writes;
}

function cardIn({ credentials }: AifaceUser): string | number | null | undefined {
  return credentials.find(({ backupNumber }) => backupNumber === BackupNumber.CARD)?.record;
}
