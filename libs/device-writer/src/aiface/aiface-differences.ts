import { credentialKind, PROFILE_FIELDS } from '@app/aiface-protocol';
import { canonicalDeviceUserId } from '@app/kernel';
import { type AifaceUser } from './aiface-snapshot.js';

/**
 * In which fields a user differs from the one who was wanted, for people; never what stands in them. A terminal may tell
 * more of a profile than another, and numbers of it as texts; it keeps no leading zeros of an ID; and one that does not
 * tell how it makes fingerprints cannot be wrong about it: none of these is a difference.
 */
export function aifaceDifferences(wanted: AifaceUser, found: AifaceUser): string[] {
  const { fingerprintAlgorithm: algorithm } = wanted;
  const [id, foundId] = [wanted, found].map(({ rawEnrollId }) => canonicalDeviceUserId(rawEnrollId));
  return [
    ...(id === foundId ? [] : ['ID']),
    ...(wanted.name === found.name ? [] : ['name']),
    ...(wanted.admin === found.admin ? [] : ['privilege']),
    ...(algorithm === null || algorithm === found.fingerprintAlgorithm ? [] : ['fingerprint algorithm']),
    ...profileDifferences(wanted, found),
    ...credentialDifferences(wanted, found),
  ];
}

function profileDifferences({ profile: wanted }: AifaceUser, { profile: found }: AifaceUser): string[] {
  return PROFILE_FIELDS.filter((field) => {
    const value = wanted?.[field];
    return value !== undefined && String(value) !== String(found?.[field]);
  }).map((field) => `profile ${field}`);
}

function credentialDifferences(wanted: AifaceUser, found: AifaceUser): string[] {
  const [one, other] = [wanted, found].map(
    ({ credentials }) => new Map(credentials.map(({ backupNumber, record }) => [backupNumber, record])),
  );
  return [...new Set([...one.keys(), ...other.keys()])]
    .toSorted((a, b) => a - b)
    .filter((number) => one.get(number) !== other.get(number))
    .map((number) => `${credentialKind(number)} ${number}`);
}
