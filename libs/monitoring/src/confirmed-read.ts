import {
  type CompleteUserRead,
  type DeviceCounters,
  DeviceError,
  type DeviceIdentity,
  type DeviceOperation,
  type DeviceReader,
  IncompleteReadError,
  type UserReadOptions,
} from '@app/device-gateway';
import { compareDeviceUserIds, type DeviceUserId, type WallTime } from '@app/kernel';

/** What a terminal showed right after it was found to lack users: where to look for who did it. */
export interface LossScene {
  readonly clock?: { readonly wallTime: WallTime; readonly askedAt: Date };
  readonly counters?: DeviceCounters;
  /** Undefined: the terminal keeps no log of operations, or did not give it. */
  readonly operations?: readonly DeviceOperation[];
}

const MAKER = Symbol('confirmed');

/**
 * A complete read in which whoever is lacking was looked for twice. Only `readConfirmed` makes one, so that nobody can be
 * declared missing on the word of a single read.
 */
export class ConfirmedUserRead {
  private constructor(
    readonly read: CompleteUserRead,
    /** Who the terminal said it is, in the same session. */
    readonly identity: DeviceIdentity,
    /** Expected, and in neither of two reads; empty: one read showed everybody. */
    readonly lacking: ReadonlySet<DeviceUserId>,
    readonly scene?: LossScene,
  ) {
    Object.freeze(this);
  }

  static [MAKER](
    read: CompleteUserRead,
    identity: DeviceIdentity,
    lacking: ReadonlySet<DeviceUserId> = new Set(),
    scene?: LossScene,
  ): ConfirmedUserRead {
    return new ConfirmedUserRead(read, identity, lacking, scene);
  }
}

/**
 * Reads every user; when somebody expected is not among them, reads again in the same session, and looks around.
 * @throws {IncompleteReadError} it is not proven that these are all, or two reads lack different users (`lists-differ`)
 * @throws {DeviceError} the session broke
 */
export async function readConfirmed(
  reader: DeviceReader,
  expected: ReadonlySet<DeviceUserId>,
  options: UserReadOptions & { readonly signal: AbortSignal; readonly now: () => Date },
): Promise<ConfirmedUserRead> {
  const first = await reader.readUsers(options);
  const lackingFirst = lackingIn(first, expected);
  if (lackingFirst.length === 0) return ConfirmedUserRead[MAKER](first, reader.identity);
  const second = await reader.readUsers(options);
  const lacking = lackingIn(second, expected);
  if (lacking.join('\n') !== lackingFirst.join('\n')) {
    throw new IncompleteReadError(
      'lists-differ',
      `Two complete reads of one session lack different users: ${told(lackingFirst)}, then ${told(lacking)}. ` +
        'Neither is believed; the next read tries again',
      { lacking_first: lackingFirst.length, lacking_then: lacking.length },
    );
  }
  const canCount = second.proof.witness === 'fresh-counters';
  return ConfirmedUserRead[MAKER](
    second,
    reader.identity,
    new Set(lacking),
    await lookAround(reader, { ...options, canCount }),
  );
}

function lackingIn({ users }: CompleteUserRead, expected: ReadonlySet<DeviceUserId>): DeviceUserId[] {
  const there = new Set(users.map(({ deviceUserId }) => deviceUserId));
  return [...expected].filter((id) => !there.has(id)).toSorted(compareDeviceUserIds);
}

function told(ids: readonly DeviceUserId[]): string {
  if (ids.length === 0) return 'none';
  return ids.length > 5 ? `${ids.length} (${ids.slice(0, 5).join(', ')}, …)` : ids.join(', ');
}

/** The loss is proven by now: what the terminal does not want to tell besides is left out. */
async function lookAround(
  reader: DeviceReader,
  options: { readonly signal: AbortSignal; readonly now: () => Date; readonly canCount: boolean },
): Promise<LossScene> {
  const { signal, now, canCount } = options;
  const asked = async <T>(question: () => Promise<T>): Promise<T | undefined> => {
    try {
      return await question();
    } catch (error) {
      if (signal.aborted || !(error instanceof DeviceError)) throw error;
      return undefined;
    }
  };
  const wallTime = await asked(() => reader.readClock());
  const askedAt = now();
  const counters = canCount ? await asked(() => reader.readCounters()) : undefined;
  const operations = await asked(() => reader.readOperations());
  return { clock: wallTime && { wallTime, askedAt }, counters, operations };
}
