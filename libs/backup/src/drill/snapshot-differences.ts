import { type UserSnapshot } from '@app/device-writer';

/** In which fields two snapshots of a user differ, for people; never what stands in them. None: they are equal. */
export function differencesOf(wanted: UserSnapshot, found: UserSnapshot): string[] {
  if (wanted.bytes.equals(found.bytes)) return [];
  const fields = [...attributeDifferences(wanted, found), ...credentialDifferences(wanted, found)];
  return fields.length > 0 ? fields : ['bytes that nobody has decoded'];
}

function attributeDifferences({ user: wanted }: UserSnapshot, { user: found }: UserSnapshot): string[] {
  const differs: Readonly<Record<string, boolean>> = {
    ID: wanted.rawUserId !== found.rawUserId,
    slot: wanted.slot !== found.slot,
    name: !(wanted.details?.nameBytes ?? Buffer.alloc(0)).equals(found.details?.nameBytes ?? Buffer.alloc(0)),
    privilege: wanted.privilege !== found.privilege,
    group: wanted.groupId !== found.groupId,
    'time zones': wanted.timezoneId !== found.timezoneId,
    PIN: wanted.hasPin !== found.hasPin,
  };
  return Object.keys(differs).filter((field) => differs[field]);
}

function credentialDifferences({ credentials: wanted }: UserSnapshot, { credentials: found }: UserSnapshot): string[] {
  const keyOf = ({ kind, index }: UserSnapshot['credentials'][number]): string => `${kind} ${index}`;
  const [one, other] = [wanted, found].map((marks) => new Map(marks.map((mark) => [keyOf(mark), mark.digest])));
  const keys = [...new Set([...one.keys(), ...other.keys()])].filter((key) => key !== 'pin 0');
  return keys.filter((key) => one.get(key) !== other.get(key));
}
