import {
  BackupNumber,
  credentialKind,
  field,
  integerField,
  type ListedUser,
  type Reply,
  textField,
} from '@app/aiface-protocol';
import { type DeviceUserId } from '@app/kernel';
import { DeviceError } from '../../device.errors.js';
import { type ToldDetails } from '../../prove-aiface.js';
import { type AifaceSession } from './user-list.js';

/** The longest list whose details are asked for in one read, however quick the terminal. */
const MOST_AT_ONCE = 10_000;

/**
 * Asks for name and card of users, one by one, for as long as a read may: first of whom nothing is known, then of whom
 * it was asked longest ago. Whoever has gone meanwhile, or is not reached, is left out, and so is everybody behind whom
 * the terminal fell silent: the list is proven without that.
 * @throws {DeviceError} the connection broke
 */
export async function readDetails(
  session: AifaceSession,
  users: readonly ListedUser[],
  readAt: ReadonlyMap<DeviceUserId, Date>,
  onProgress: (done: number, of: number) => void,
): Promise<Map<DeviceUserId, ToldDetails>> {
  const { clock, timeouts } = session;
  const stale = clock.now().getTime() - timeouts.detailsAgeMs;
  const ageOf = ({ enrollId }: ListedUser): number => readAt.get(enrollId)?.getTime() ?? Number.NEGATIVE_INFINITY;
  const due = users
    .filter((user) => ageOf(user) < stale)
    .toSorted((a, b) => ageOf(a) - ageOf(b) || 0)
    .slice(0, MOST_AT_ONCE);
  const details = new Map<DeviceUserId, ToldDetails>();
  const until = clock.monotonicMs() + timeouts.detailsMs;
  for (const [done, user] of due.entries()) {
    if (clock.monotonicMs() >= until) break;
    const told = await unlessSilent(() => detailsOf(session, user));
    if (told === 'silence') break;
    if (told) details.set(user.enrollId, told);
    onProgress(done + 1, due.length);
  }
  return details;
}

async function unlessSilent<T>(ask: () => Promise<T>): Promise<T | 'silence'> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof DeviceError && error.code === 'device/timeout') return 'silence';
    throw error;
  }
}

/**
 * The reply that tells the most for the least: the card, else a fingerprint, both of which carry the name; else the
 * profile. A picture would too, at hundreds of kilobytes, and the PIN is nobody's business.
 */
async function detailsOf(session: AifaceSession, user: ListedUser): Promise<ToldDetails | undefined> {
  const { connection, timeouts, signal } = session;
  const { enrollId, backupNumbers } = user;
  const hasCard = backupNumbers.includes(BackupNumber.CARD);
  const cheapest = hasCard
    ? BackupNumber.CARD
    : backupNumbers.find((number) => credentialKind(number) === 'fingerprint');
  const reply = await connection.ask(
    { cmd: 'getuserinfo', enrollid: enrollId, backupnum: cheapest },
    timeouts.replyMs,
    signal,
  );
  const echoed = field(reply.fields, 'enrollid') !== undefined && field(reply.fields, 'name') !== undefined;
  if (reply.ok !== false && echoed) return toldBy(reply, hasCard);
  if (hasCard) return undefined; // gone meanwhile: the next read will tell
  const name = await readName(session, enrollId);
  return name === undefined ? undefined : { ...nameOf(name), cardNumber: null };
}

/**
 * The reply to `getusername` does not say whose name it is. The question after it makes sure that no other reply is on
 * its way: one that was sent twice has arrived by then.
 */
export async function readName(
  { connection, timeouts, signal }: AifaceSession,
  enrollid: DeviceUserId,
): Promise<string | undefined> {
  const reply = await connection.ask({ cmd: 'getusername', enrollid }, timeouts.replyMs, signal);
  await connection.ask({ cmd: 'gettime' }, timeouts.replyMs, signal);
  if (reply.ok === false) return undefined;
  return textField(reply.fields, 'record') ?? textField(reply.fields, 'name');
}

function toldBy({ fields }: Reply, hasCard: boolean): ToldDetails {
  const card = hasCard ? cardOf(field(fields, 'record')) : null;
  return { ...nameOf(textField(fields, 'name') ?? ''), cardNumber: card, admin: integerField(fields, 'admin') };
}

function nameOf(text: string): Pick<ToldDetails, 'name' | 'nameBytes'> {
  // PostgreSQL keeps no NUL in a text; no terminal has a key for it.
  const name = text.replaceAll('\u0000', '');
  return { name: name === '' ? null : name, nameBytes: Buffer.from(name) };
}

/** Decimal, without leading zeros; null: none, or what is no number. */
export function cardOf(record: unknown): string | null {
  const digits = typeof record === 'number' && Number.isSafeInteger(record) ? String(record) : record;
  if (typeof digits !== 'string' || !/^\d{1,30}$/.test(digits.trim())) return null;
  const card = digits.trim().replace(/^0+/, '');
  return card === '' ? null : card;
}
