import {
  type AifaceCounters,
  decodeCapacity,
  decodeCounters,
  type ListedCredential,
  type ReadCommand,
} from '@app/aiface-protocol';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { type ReadOptions } from '../../device-reader.js';
import { type DialInTarget } from '../../device-target.js';
import { proveAifaceList, type ProvenAifaceList } from '../../prove-aiface.js';
import { type AifaceSession, askOptional, type PagedList, readAllIds, readUserList } from './user-list.js';

/**
 * Counts, reads the list, counts again, and proves that these belong together.
 * @throws {IncompleteReadError} @throws {DeviceError}
 */
export async function readProvenList(
  session: AifaceSession,
  { serialNumber, weakerProof }: DialInTarget,
  { onProgress }: ReadOptions = {},
): Promise<{ readonly proven: ProvenAifaceList; readonly counters: AifaceCounters }> {
  const startedAt = performance.now();
  let receivedBytes = 0;
  onProgress?.({ stage: 'counting', receivedBytes });
  using enrolments = session.connection.watchEnrolments();
  const before = await readFreshCounters(session);
  if (!before && !weakerProof) throw noCounter('its firmware has no getdevcap');
  const list = await readUserList(session, (bytes) => {
    receivedBytes = bytes;
    onProgress?.({ stage: 'reading', receivedBytes });
  });
  onProgress?.({ stage: 'proving', receivedBytes });
  const after = before && (await readFreshCounters(session));
  const counters = before && after ? { before, after } : await requireEqualLists(session, list);
  const proven = proveAifaceList({
    serialNumber,
    entries: list.records,
    pages: list.pages,
    ...counters,
    witness: before ? 'fresh-counters' : 'equal-lists',
    allIds: await idsOfMissing(session, list, counters.after),
    enrolledMeanwhile: enrolments.ids,
    durationMs: Math.round(performance.now() - startedAt),
  });
  return { proven, counters: counters.after };
}

/** Undefined: the firmware cannot count itself while it is connected. @throws {DeviceError} */
export async function readFreshCounters(session: AifaceSession): Promise<AifaceCounters | undefined> {
  const { connection } = session;
  const reply = await askOptional(session, { cmd: 'getdevcap' });
  // Answered once, it must be answered always: a refusal is no reason to believe less.
  if (!reply && connection.optional.answered.has('getdevcap'))
    throw noCounter('it refuses getdevcap, which it has answered before');
  if (reply && connection.info) {
    const told = decodeCapacity(reply.fields);
    connection.info = { ...connection.info, capacity: { ...connection.info.capacity, ...definedOf(told) } };
  }
  return reply && decodeCounters(reply.fields);
}

/**
 * The connection is the terminal's and stays at the end of a session. But one on which a reply may still come is of no use
 * for another read, unless we can do without that reply; the terminal dials again within seconds.
 */
export function leaveConnection({ connection }: AifaceSession, { weakerProof }: DialInTarget): void {
  const { silent } = connection.optional;
  const harmless = (command: string): boolean => weakerProof && silent.has(command as ReadCommand['cmd']);
  if ([...connection.overdue].every(harmless)) return;
  const why = 'A reply was overdue at the end of a read; the terminal dials again';
  connection.end(new DeviceError('device/connection-lost', why));
}

/** The weaker proof, where it is allowed: the list a second time, and the counters of the registration. */
async function requireEqualLists(
  session: AifaceSession,
  list: PagedList<ListedCredential>,
): Promise<{ readonly before: AifaceCounters; readonly after: AifaceCounters }> {
  if (!list.endTold) throw new IncompleteReadError('no-end', 'The terminal fell silent in its list; read it again');
  const again = await readUserList(session, () => undefined);
  if (!again.endTold || JSON.stringify(again.records) !== JSON.stringify(list.records)) {
    throw new IncompleteReadError('list-changed', 'Two lists of the terminal differ; read it again');
  }
  const counters = session.connection.info?.counters ?? {};
  return { before: counters, after: counters };
}

function noCounter(why: string): IncompleteReadError {
  return new IncompleteReadError(
    'no-counter',
    `The terminal does not tell how many users it has (${why}), so that no list of it is proven; newer firmware does, ` +
      'or allow the weaker proof with AIFACE_PROOF=equal-lists, with which it is read and never written to',
  );
}

/** Asked for only where the list is short: it tells who has no credential. */
async function idsOfMissing(
  session: AifaceSession,
  { records }: PagedList<ListedCredential>,
  { users }: AifaceCounters,
): Promise<ReturnType<typeof readAllIds>> {
  const listed = new Set(records.map(({ enrollId }) => enrollId)).size;
  return users !== undefined && listed < users ? readAllIds(session) : undefined;
}

function definedOf<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}
