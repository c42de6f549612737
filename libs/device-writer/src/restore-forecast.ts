import { type NameEncoding } from '@app/device-gateway';
import { type DeviceUserId } from '@app/kernel';
import { AifaceForecast } from './aiface/aiface-forecast.js';
import { decodeAifaceUser } from './aiface/aiface-snapshot.js';
import { type ForecastRules, type ForecastUser, RefusedRestore } from './forecast-rules.js';
import { type RestoreJudgement } from './restore-judgement.js';
import { type CompleteCopy, type CopyFacts } from './terminal-copy.js';
import { growthOf, type Room, TerminalRoom } from './terminal-room.js';
import { type UserSnapshot } from './user-snapshot.js';
import { ZkForecast } from './zk/zk-forecast.js';

/** What is known of a terminal before anybody is put on it. */
export interface ForecastFacts extends Pick<
  CopyFacts,
  'identity' | 'protocol' | 'fingerprintAlgorithm' | 'recordWidth' | 'counters'
> {
  /** As it counts its credentials by kind, where it does so more closely than in `counters`. */
  readonly room?: Room;
  /** That its names are written in; told by itself unless given. */
  readonly encoding?: NameEncoding;
}

/** What of somebody on the terminal is in the way of others. */
export interface HeldTraits {
  /** Null: a record without a usable ID, which has its slot all the same. */
  readonly deviceUserId: DeviceUserId | null;
  readonly slot: number | null;
  readonly cardNumber: string | null;
}

/** Where a snapshot comes from. */
export interface ForecastOptions {
  /** Whether it was taken from this very terminal. */
  readonly sameTerminal: boolean;
  /** With which its fingerprints were made; null: its terminal did not tell. */
  readonly wantedAlgorithm: string | null;
}

/**
 * Works out what a terminal will hold when snapshots are put over what it holds, one after the other; sends nothing. It
 * keeps count of room, slots and cards, so that each user is judged after those before: judge everybody once, in order.
 */
export class RestoreForecast {
  private readonly cards = new Map<string, DeviceUserId | null>();
  private readonly room: TerminalRoom;
  private readonly rules: ForecastRules;

  private constructor(
    private readonly facts: ForecastFacts,
    slots: readonly number[],
  ) {
    const { protocol, identity, recordWidth, fingerprintAlgorithm, counters, encoding = 'auto' } = facts;
    this.room = new TerminalRoom(
      facts.room ?? {
        users: { held: counters.users, capacity: counters.userCapacity },
        fingerprint: { held: counters.templates, capacity: counters.templateCapacity },
      },
    );
    this.rules =
      protocol === 'zk'
        ? new ZkForecast(recordWidth, encoding, slots)
        : new AifaceForecast(identity.firmware, fingerprintAlgorithm);
  }

  /** Of a terminal as a copy has it. */
  static async of(copy: CompleteCopy): Promise<RestoreForecast> {
    const traits: HeldTraits[] = [];
    for await (const snapshot of copy.snapshots()) traits.push(traitsOf(snapshot));
    return RestoreForecast.from(copy.facts, traits);
  }

  /** Of a terminal with these people on it. */
  static from(facts: ForecastFacts, held: Iterable<HeldTraits>): RestoreForecast {
    const slots: number[] = [];
    const cards: (readonly [string, DeviceUserId | null])[] = [];
    for (const { slot, cardNumber, deviceUserId } of held) {
      if (slot !== null) slots.push(slot);
      if (cardNumber !== null) cards.push([cardNumber, deviceUserId]);
    }
    const forecast = new RestoreForecast(facts, slots);
    for (const [card, owner] of cards) forecast.cards.set(card, owner);
    return forecast;
  }

  /**
   * What comes of putting `wanted` over what the terminal holds of the user. Credentials that only the terminal has stay,
   * PIN and card among them; a snapshot of attributes touches neither PIN nor credentials.
   * @param held everything of the user; undefined: absent
   * @throws {BadSnapshotError} one of them is of another protocol
   * @throws {TypeError} `held` has no credentials
   */
  judge(held: UserSnapshot | undefined, wanted: UserSnapshot, options: ForecastOptions): RestoreJudgement {
    if (held && held.depth !== 'everything') throw new TypeError('What is held must be known with all credentials');
    try {
      return this.judgeUnrefused(held, wanted, options);
    } catch (error) {
      if (error instanceof RefusedRestore) return { action: 'refused', code: error.code, reason: error.reason };
      throw error;
    }
  }

  private judgeUnrefused(
    held: UserSnapshot | undefined,
    wanted: UserSnapshot,
    options: ForecastOptions,
  ): RestoreJudgement {
    if (held && held.bytes.equals(wanted.bytes)) return { action: 'unchanged', after: held };
    if (held && !options.sameTerminal) requireSamePerson(held, wanted);
    this.requireAlgorithm(wanted, options);
    const planned = held ? this.rules.update(held, wanted) : this.rules.create(wanted);
    const { after } = planned;
    if (held && after.bytes.equals(held.bytes)) return { action: 'unchanged', after: held };
    this.requireCard(after);
    const growth = growthOf(held, after);
    const lacking = this.room.lacking(growth);
    if (lacking !== undefined) throw new RefusedRestore('no-room', lacking);
    this.room.take(growth);
    this.rules.take(after);
    this.takeCard(held, after);
    return verdict(held, planned);
  }

  private requireAlgorithm(wanted: UserSnapshot, { sameTerminal, wantedAlgorithm }: ForecastOptions): void {
    if (wanted.depth !== 'everything' || !wanted.credentials.some(({ kind }) => kind === 'fingerprint')) return;
    const own = this.facts.protocol === 'aiface' ? decodeAifaceUser(wanted.bytes).fingerprintAlgorithm : null;
    const stored = own ?? wantedAlgorithm;
    const now = this.facts.fingerprintAlgorithm;
    if (stored === now || (stored === null && sameTerminal)) return;
    throw new RefusedRestore(
      'other-algorithm',
      `The fingerprints of user ${wanted.user.deviceUserId} were made with algorithm ${stored ?? 'that was not told'}, and the ` +
        `terminal makes its own with ${now ?? 'one that it does not tell'}; they cannot be exchanged, so enrol the user at the terminal`,
    );
  }

  private requireCard({ user: { deviceUserId, details } }: UserSnapshot): void {
    const card = details?.cardNumber;
    if (card === undefined || card === null) return;
    const owner = this.cards.get(card);
    if (owner === undefined || owner === deviceUserId) return;
    throw new RefusedRestore(
      'card-taken',
      `Card ${card} of user ${deviceUserId} is that of ${owner === null ? 'somebody without a usable ID' : `user ${owner}`} on the ` +
        'terminal; take it from one of them first',
    );
  }

  private takeCard(held: UserSnapshot | undefined, { user: { deviceUserId, details } }: UserSnapshot): void {
    const [before, card] = [held?.user.details?.cardNumber, details?.cardNumber];
    if (before && before !== card && this.cards.get(before) === deviceUserId) this.cards.delete(before);
    if (card) this.cards.set(card, deviceUserId);
  }
}

/** The traits of somebody of whom there is a snapshot. */
export function traitsOf({ user: { deviceUserId, slot, details } }: UserSnapshot): HeldTraits {
  return { deviceUserId, slot, cardNumber: details?.cardNumber ?? null };
}

function verdict(
  held: UserSnapshot | undefined,
  { after, credentialsAdded, credentialsReplaced }: ForecastUser,
): RestoreJudgement {
  return { action: held ? 'update' : 'create', after, credentialsAdded, credentialsReplaced };
}

/** On another terminal, an ID may be somebody else's. */
function requireSamePerson({ user: held }: UserSnapshot, { user: wanted }: UserSnapshot): void {
  const [here, there] = [held.details, wanted.details].map((details) => details?.name?.trim().normalize('NFC') ?? '');
  if (here === '' || here.toLowerCase() === there.toLowerCase()) return;
  if (held.details && wanted.details?.nameBytes.equals(held.details.nameBytes)) return;
  throw new RefusedRestore(
    'id-taken',
    `On this terminal, ${held.deviceUserId} is "${here}" and not "${there}", and nobody is overwritten by somebody else; give one of ` +
      'them another ID, or delete the one who is there',
  );
}
