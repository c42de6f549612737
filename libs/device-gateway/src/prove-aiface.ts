import {
  type AifaceCounters,
  BackupNumber,
  type CredentialKind,
  credentialKind,
  foldCredentials,
  type ListedCredential,
  type ListedUser,
  type LogRecord,
} from '@app/aiface-protocol';
import { type DeviceUserId, formatWallTime } from '@app/kernel';
import {
  type CompletePunchRead,
  completePunchRead,
  type LogPosition,
  type PunchReadProof,
} from './complete-punch-read.js';
import { type CompleteUserRead, completeUserRead, type ReadProof } from './complete-user-read.js';
import { IncompleteReadError } from './device.errors.js';
import { type UserDetails } from './device-user.js';

/** What was read of a user list in pages, before anybody may believe it. */
export interface UnprovenAifaceList {
  readonly serialNumber: string;
  readonly entries: readonly ListedCredential[];
  readonly pages: number;
  readonly before: AifaceCounters;
  readonly after: AifaceCounters;
  readonly witness: ReadProof['witness'];
  /** All IDs in one reply, from terminals that give them; it settles who has no credential at all. */
  readonly allIds?: readonly DeviceUserId[];
  /** Users of whom the terminal handed over an enrolment during the read. */
  readonly enrolledMeanwhile: ReadonlySet<DeviceUserId>;
  readonly durationMs: number;
}

const PROVEN = Symbol('proven');

/** A user list that is proven, and whose details are still to come. */
export interface ProvenAifaceList {
  readonly [PROVEN]: true;
  readonly users: readonly ListedUser[];
  readonly proof: ReadProof;
}

/** Details of one user as the terminal told them. */
export type ToldDetails = UserDetails & { readonly admin?: number };

const COUNTED = ['users', 'fingerprints', 'faces', 'palms', 'cards', 'pins'] as const;

/**
 * Believes a list only if all of this holds (docs/protocol/aiface.md): the terminal's counters were the same before
 * and after; as many different users came as it counts; of each kind of credential as many as it counts; and nobody
 * was enrolled meanwhile who is not in it. That the pages follow from one another has been checked by the driver.
 * @throws {IncompleteReadError} naming the values that disagree
 */
export function proveAifaceList(read: UnprovenAifaceList): ProvenAifaceList {
  const { before, after, entries, pages, serialNumber, witness, durationMs } = read;
  const counted = requireSameCounters(before, after);
  const users = requireEverybody(foldCredentials(entries), counted, read.allIds);
  const tellsCredentials = entries.length === 0 || entries.some(({ backupNumber }) => backupNumber !== undefined);
  if (tellsCredentials) requireCredentials(users, before);
  const known = new Set(users.map(({ enrollId }) => enrollId));
  const absent = [...read.enrolledMeanwhile].find((id) => !known.has(id));
  if (absent !== undefined) {
    throw new IncompleteReadError(
      'list-changed',
      `The terminal handed over an enrolment of user ${absent} during the read, and its list does not have that user; ` +
        'read it again',
      { deviceUserId: absent },
    );
  }
  const proof: ReadProof = {
    serialNumber,
    driver: 'aiface',
    transport: 'websocket',
    witness,
    counterBefore: counted,
    counterAfter: counted,
    records: entries.length,
    distinctUsers: users.length,
    pages,
    durationMs,
  };
  return { [PROVEN]: true, users, proof };
}

/** A proven list, with the details of those users who were asked for. */
export function completeAifaceRead(
  { users, proof }: ProvenAifaceList,
  details: ReadonlyMap<DeviceUserId, ToldDetails>,
): CompleteUserRead {
  const all = users.map(({ enrollId, rawEnrollId, admin, backupNumbers }) => {
    const told = details.get(enrollId);
    return {
      deviceUserId: enrollId,
      rawUserId: rawEnrollId,
      slot: null,
      details: told && { name: told.name, nameBytes: told.nameBytes, cardNumber: told.cardNumber },
      privilege: admin ?? told?.admin,
      groupId: null,
      timezoneId: null,
      hasPin: backupNumbers.includes(BackupNumber.PIN),
    };
  });
  return completeUserRead(all, [], proof, [...details.keys()]);
}

/** What was read of a log in pages, before anybody may believe it. */
export interface UnprovenAifaceLog extends Omit<PunchReadProof, 'records' | 'counterBefore' | 'counterAfter'> {
  readonly entries: readonly LogRecord[];
  readonly counterBefore: number | undefined;
  readonly counterAfter: number | undefined;
  /** Where the read began, and what the last one had found; undefined: this read everything. */
  readonly since?: LogPosition;
}

/**
 * Believes a read of the whole log if it has as many entries as the terminal counted before, or after, or in between:
 * people punch while it is read. Believes a read since a day if the log has grown by exactly the entries that are new
 * since then: so nothing else has changed.
 * @throws {IncompleteReadError} naming the values that disagree
 */
export function proveAifaceLog({
  entries,
  counterBefore,
  counterAfter,
  since,
  durationMs,
}: UnprovenAifaceLog): CompletePunchRead {
  if (counterBefore === undefined || counterAfter === undefined) {
    throw new IncompleteReadError('no-counter', 'The terminal does not count its log, so that no read of it is proven');
  }
  if (counterAfter < counterBefore) {
    throw new IncompleteReadError(
      'counter-changed',
      `The terminal counted ${counterBefore} log entries before the read and ${counterAfter} after it: somebody cleared ` +
        'its log meanwhile; read it again',
      { counterBefore, counterAfter },
    );
  }
  const elsewhere = since ? since.counter - since.entriesSince : 0;
  const counted = elsewhere + entries.length;
  if (counted < counterBefore || counted > counterAfter) {
    const counter = counterBefore === counterAfter ? String(counterBefore) : `${counterBefore} to ${counterAfter}`;
    throw new IncompleteReadError(
      'counter-mismatch',
      `The terminal counts ${counter} log entries, and ${counted} are accounted for; read it again`,
      { counterBefore, counterAfter, received: entries.length, before: elsewhere },
    );
  }
  const punches = entries.filter((entry) => entry.kind === 'punch');
  return completePunchRead(
    punches.map(({ enrollId, time, mode, inOut }) => ({
      deviceUserId: enrollId,
      wallTime: time,
      verifyMode: mode,
      state: inOut,
      workCode: null,
    })),
    { counterBefore, counterAfter, records: entries.length, durationMs },
    punches.map(bytesOf),
    { since: since?.day, position: positionAfter(entries, counted) ?? since },
  );
}

function requireSameCounters(before: AifaceCounters, after: AifaceCounters): number {
  const { users } = before;
  if (users === undefined || after.users === undefined) {
    throw new IncompleteReadError('no-counter', 'The terminal does not count its users, so that no list is proven');
  }
  const moved = COUNTED.find((kind) => before[kind] !== after[kind]);
  if (moved !== undefined) {
    throw new IncompleteReadError(
      'counter-changed',
      `The terminal counted ${before[moved]} ${moved} before the read and ${after[moved]} after it: somebody is ` +
        'enrolling or deleting; read it again when they are done',
      { counter: moved, counterBefore: before[moved], counterAfter: after[moved] },
    );
  }
  return users;
}

/** Users without any credential are in no list of credentials; the terminal's own list of IDs has them. */
function requireEverybody(
  listed: readonly ListedUser[],
  counted: number,
  allIds: readonly DeviceUserId[] | undefined,
): readonly ListedUser[] {
  if (listed.length === counted) return listed;
  const ids = new Set(allIds);
  if (listed.length < counted && ids.size === counted && listed.every(({ enrollId }) => ids.has(enrollId))) {
    for (const { enrollId } of listed) ids.delete(enrollId);
    return [...listed, ...[...ids].map((id) => ({ enrollId: id, rawEnrollId: id, backupNumbers: [] }))];
  }
  throw new IncompleteReadError(
    'counter-mismatch',
    `The terminal counts ${counted} users and its list has ${listed.length}; read it again, and restart it if that repeats`,
    { counter: counted, received: listed.length },
  );
}

/** Not for a list of plain IDs, which cannot be compared; an empty list must have nothing that is counted. */
function requireCredentials(users: readonly ListedUser[], counters: AifaceCounters): void {
  const numbers = users.flatMap(({ backupNumbers }) => backupNumbers);
  const count = (kind: CredentialKind): number => numbers.filter((number) => credentialKind(number) === kind).length;
  const isFace = (number: number): boolean => ['face', 'photo'].includes(credentialKind(number));
  const withFace = users.filter(({ backupNumbers }) => backupNumbers.some(isFace)).length;
  const expectations: Readonly<Record<Exclude<(typeof COUNTED)[number], 'users'>, readonly number[]>> = {
    fingerprints: [count('fingerprint')],
    // Firmware differs in what it counts as a face: users, pictures or templates (aiface-protocol 8).
    faces: [withFace, count('photo'), count('face')],
    palms: [count('palm')],
    cards: [count('card')],
    pins: [count('pin')],
  };
  for (const [kind, found] of Object.entries(expectations)) {
    const counter = counters[kind as keyof typeof expectations];
    if (counter === undefined || found.includes(counter)) continue;
    throw new IncompleteReadError(
      'counter-mismatch',
      `The terminal counts ${counter} ${kind} and its list has ${found[0]}; read it again, and restart it if that repeats`,
      { kind, counter, received: found[0] },
    );
  }
}

function bytesOf(entry: LogRecord & { kind: 'punch' }): Buffer {
  const { enrollId, time, mode, inOut, event } = entry;
  return Buffer.from(`${enrollId} ${formatWallTime(time)} ${mode} ${inOut} ${event}\n`);
}

/** Undefined: there is no entry to go on from. */
function positionAfter(entries: readonly LogRecord[], counter: number): LogPosition | undefined {
  const days = entries.map(({ time }) => dayOf(time));
  const day = days.reduce<string | undefined>(
    (last, each) => (last === undefined || each > last ? each : last),
    undefined,
  );
  return day === undefined ? undefined : { counter, day, entriesSince: days.filter((each) => each >= day).length };
}

/** `YYYY-MM-DD` */
export function dayOf(time: Parameters<typeof formatWallTime>[0]): string {
  return formatWallTime(time).slice(0, 10);
}
