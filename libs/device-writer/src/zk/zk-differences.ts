import { decodeUserRecord, type UserRecord, widthOf } from '@app/zk-protocol';
import { type ZkUser } from './zk-snapshot.js';

type Comparable = (record: UserRecord) => unknown;

const FIELDS: readonly (readonly [string, Comparable])[] = [
  ['ID', ({ userId }) => userId],
  ['slot', ({ slot }) => slot],
  ['name', ({ name }) => name.toString('hex')],
  ['card', ({ card }) => card],
  ['PIN', ({ password }) => password.toString('hex')],
  ['privilege', ({ privilege }) => privilege],
  ['group', ({ group }) => group],
  ['time zones', ({ ownZones, zones }) => `${ownZones} ${zones.join(',')}`],
];

/** In which fields a user differs from the one who was wanted, for people; never what stands in them. */
export function zkDifferences(wanted: ZkUser, found: ZkUser): string[] {
  return [...recordDifferences(wanted.record, found.record), ...fingerDifferences(wanted, found)];
}

function recordDifferences(wanted: Buffer, found: Buffer): string[] {
  if (wanted.equals(found)) return [];
  if (wanted.length !== found.length) return ['width of the record'];
  const [one, other] = [wanted, found].map((record) => decodeUserRecord(record, widthOf(record)));
  const fields = FIELDS.filter(([, valueOf]) => valueOf(one) !== valueOf(other)).map(([field]) => field);
  return fields.length > 0 ? fields : ['bytes that nobody has decoded'];
}

function fingerDifferences(wanted: ZkUser, found: ZkUser): string[] {
  const [one, other] = [wanted, found].map(
    ({ templates }) => new Map(templates.map((template) => [template.finger, template])),
  );
  return [...new Set([...one.keys(), ...other.keys()])]
    .toSorted((a, b) => a - b)
    .flatMap((finger) => {
      const [before, now] = [one.get(finger), other.get(finger)];
      const isSame = before && now && before.flag === now.flag && before.template.equals(now.template);
      return isSame ? [] : [`fingerprint ${finger}`];
    });
}
