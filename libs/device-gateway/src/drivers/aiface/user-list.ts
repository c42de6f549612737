import {
  AifaceFormatError,
  decodeListedCredential,
  decodePage,
  enrollIdOf,
  type ListedCredential,
  listField,
  PageCollector,
  PagingError,
  type PagingFault,
  type ReadCommand,
  type Reply,
} from '@app/aiface-protocol';
import { type Clock, type DeviceUserId } from '@app/kernel';
import { DeviceError, IncompleteReadError, type IncompleteReason } from '../../device.errors.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { type AifaceConnection } from './aiface-connection.js';

const PAGE_SIZE_OF_DIALECT_B = 40;
/** Ten fingers, a PIN, a card and a photo: what one user can have, at least. */
const CREDENTIALS_PER_USER = 13;
const USERS_WHERE_NOT_TOLD = 100_000;
const REASONS: Readonly<Record<PagingFault, IncompleteReason>> = {
  gap: 'page-missing',
  repeat: 'page-repeated',
  'bad-page': 'bad-page',
  'too-long': 'bad-page',
};

/** How a session reads: on which connection, how patiently, and until when. */
export interface AifaceSession {
  readonly connection: AifaceConnection;
  readonly timeouts: GatewayTimeouts;
  readonly clock: Clock;
  readonly signal?: AbortSignal;
}

/** The pages of one list, put together. */
export interface PagedList<R> {
  readonly records: readonly R[];
  readonly pages: number;
  /** False: the terminal fell silent after the last page, which only its counters can make an end. */
  readonly endTold: boolean;
}

/**
 * Reads the user list to its end: by `stn`, or, where that is refused, by page numbers.
 * @throws {IncompleteReadError} pages are missing, repeated or make no sense
 * @throws {DeviceError}
 */
export async function readUserList(
  session: AifaceSession,
  onReceived: (bytes: number) => void,
): Promise<PagedList<ListedCredential>> {
  const users = session.connection.info?.capacity.users ?? USERS_WHERE_NOT_TOLD;
  const limits = {
    limit: users * CREDENTIALS_PER_USER,
    keyOf: ({ enrollId, backupNumber }: ListedCredential) => `${enrollId}/${backupNumber ?? '-'}`,
  };
  const read = (ask: (page: number) => ReadCommand): Promise<PagedList<ListedCredential> | Reply> =>
    readPages(session, ask, new PageCollector(limits), decodeListedCredential, onReceived);
  const list = await read((page) => ({ cmd: 'getuserlist', stn: page === 1 }));
  if ('records' in list) return list;
  const numbered = await read((page) => ({ cmd: 'getuserlist', page, pagesize: PAGE_SIZE_OF_DIALECT_B }));
  if ('records' in numbered) return numbered;
  throw refusal(numbered, 'the user list');
}

/**
 * Asks for page after page until the terminal has said that there are no more, or says nothing any more.
 * @returns the list, or the reply with which the terminal refused its first page
 * @throws {IncompleteReadError} @throws {DeviceError}
 */
export async function readPages<R>(
  { connection, timeouts, signal }: AifaceSession,
  ask: (page: number) => ReadCommand,
  collector: PageCollector<R>,
  decode: (entry: unknown) => R,
  onReceived: (bytes: number) => void,
): Promise<PagedList<R> | Reply> {
  let received = 0;
  const next = async (page: number): Promise<Reply | 'silence'> => {
    try {
      return await connection.ask(ask(page), page === 1 ? timeouts.replyMs : timeouts.pageMs, signal);
    } catch (error) {
      const silent = error instanceof DeviceError && error.code === 'device/timeout';
      if (silent && page > 1 && collector.total === undefined) return 'silence';
      throw error;
    }
  };
  for (let page = 1; ; page += 1) {
    const reply = await next(page);
    const { records, pageCount: pages } = collector;
    if (reply === 'silence') return { records, pages, endTold: false };
    if (reply.ok === false) {
      if (page === 1) return reply;
      throw refusal(reply, `page ${page} of a list`);
    }
    received += reply.bytes;
    onReceived(received);
    if (accept(collector, reply, decode)) return { records, pages: collector.pageCount, endTold: true };
  }
}

/** All IDs in one reply; undefined: the firmware does not give them. @throws {DeviceError} */
export async function readAllIds(session: AifaceSession): Promise<DeviceUserId[] | undefined> {
  const reply = await askOptional(session, { cmd: 'getuserids' });
  return reply && (listField(reply.fields, 'record') ?? []).flatMap((entry) => enrollIdOf(entry) ?? []);
}

/**
 * Asks something that not every firmware knows. Some refuse an unknown command, others do not answer it: a command that
 * all of them know shows which of the two silence was (aiface-protocol 2, no. 5). What met silence is not asked again on
 * this connection.
 * @returns undefined: the firmware does not know it, as far as this connection has shown
 * @throws {DeviceError} it met silence, and was answered here before: then a reply was lost
 */
export async function askOptional(session: AifaceSession, command: ReadCommand): Promise<Reply | undefined> {
  const { connection, timeouts, signal } = session;
  const { answered, silent } = connection.optional;
  if (silent.has(command.cmd)) return undefined;
  try {
    const reply = await connection.ask(command, timeouts.replyMs, signal);
    if (reply.ok === false) return undefined;
    answered.add(command.cmd);
    return reply;
  } catch (error) {
    const isSilence = error instanceof DeviceError && error.code === 'device/timeout';
    if (!isSilence || answered.has(command.cmd)) throw error;
    silent.add(command.cmd);
    await connection.ask({ cmd: 'gettime' }, timeouts.replyMs, signal);
    return undefined;
  }
}

/** What a reply that is no success came to. */
export function refusal({ reason, text, command }: Reply, what: string): DeviceError {
  const why = [text, reason === undefined ? undefined : `reason ${reason}`].filter(Boolean).join(', ');
  return new DeviceError('device/refused', `The terminal refused ${what} (${command}${why && `: ${why}`})`);
}

function accept<R>(collector: PageCollector<R>, reply: Reply, decode: (entry: unknown) => R): boolean {
  try {
    return collector.add(decodePage(reply.fields, decode));
  } catch (error) {
    if (error instanceof PagingError) throw incomplete(error.fault, error.message, collector);
    if (error instanceof AifaceFormatError) throw incomplete('bad-page', error.message, collector);
    throw error;
  }
}

function incomplete(
  fault: PagingFault,
  message: string,
  { pageCount }: { readonly pageCount: number },
): IncompleteReadError {
  return new IncompleteReadError(REASONS[fault], `${message} (page ${pageCount}); read it again`, { page: pageCount });
}
