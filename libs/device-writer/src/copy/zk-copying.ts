import { createHash } from 'node:crypto';
import { type AddressTarget, type DeviceIdentity, IncompleteReadError } from '@app/device-gateway';
import {
  mostTemplateBytes,
  TemplateProof,
  type ZkCredentialSession,
  type ZkUserRead,
} from '@app/device-gateway/sessions';
import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { type FreeSizes, type TemplateRecord, TemplateSetDecoder, ZkFormatError } from '@app/zk-protocol';
import { type CopyFacts } from '../terminal-copy.js';
import { zkSnapshot } from '../zk/zk-snapshot.js';
import { type Copying, type Sitting } from './copying.js';
import { SealedSpool } from './sealed-spool.js';
import { type CopyContents } from './spooled-copy.js';
import { SpooledTemplates } from './spooled-templates.js';

/** A list of users without what can be told from its records: it is held for as long as the copy, the list is not. */
interface Sight {
  /** Of all records; must be the same in every sitting. */
  readonly digest: string;
  readonly counters: FreeSizes;
  readonly identity: DeviceIdentity;
  /** Records without a usable ID. */
  readonly unusable: number;
  /** Null: there are no records to tell it. */
  readonly recordWidth: number | null;
  /** Everybody with a usable ID, in the order of IDs. */
  readonly ids: readonly DeviceUserId[];
  /** Theirs, in the same order, one behind the other. */
  readonly records: Buffer;
}

/**
 * Copies a ZK terminal: the list of users in every sitting, the set of templates from where the last one ended. Terminals
 * make that set anew for each session, so it must have the same size and go on with the same bytes, and the terminal's
 * counters of users, templates and operations must not have moved since the first sitting began.
 */
export class ZkCopying implements Copying<ZkCredentialSession> {
  private first?: Sight;
  private algorithm: string | null = null;
  private counters?: FreeSizes;
  private readonly decoder = new TemplateSetDecoder();
  private readonly proof = new TemplateProof();
  private readonly templates = new SpooledTemplates();
  private nextByte = 0;
  private announcedBytes?: number;
  /** The last bytes that were taken; the next sitting must find them again. */
  private lastPiece?: Buffer;

  constructor(
    private readonly spool: SealedSpool,
    private readonly target: AddressTarget,
    private readonly now: () => Date,
  ) {}

  async sit(session: ZkCredentialSession, sitting: Sitting): Promise<boolean> {
    sitting.onProgress({ stage: 'listing', done: 0, of: 0, unit: 'bytes' });
    const { first } = await this.look(session);
    const isComplete = await this.readTemplates(session, sitting, first.counters.templates);
    // A slot may have been given to somebody else meanwhile, and the counters be as they were.
    this.counters = (await this.look(session)).now;
    return isComplete;
  }

  finish(): CopyContents {
    const { first, counters } = this;
    if (!first || !counters) throw new TypeError('A copy that was never begun cannot be finished');
    this.proof.of({ counterBefore: first.counters.templates, counterAfter: counters.templates });
    const { spool, templates, target } = this;
    const { ids, records, recordWidth } = first;
    const width = recordWidth ?? 0;
    return {
      facts: this.factsOf(first, counters),
      ids,
      async snapshotAt(place) {
        const record = Buffer.from(records.subarray(place * width, (place + 1) * width));
        const fingers = [];
        for (const { finger, flag, ...where } of templates.of(record.readUInt16LE(0)))
          fingers.push({ finger, flag, template: await spool.read(where) });
        return zkSnapshot({ depth: 'everything', record, templates: fingers }, target.encoding);
      },
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spool[Symbol.asyncDispose]();
  }

  /** The list as it is now, which must be as it was. */
  private async look(session: ZkCredentialSession): Promise<{ readonly first: Sight; readonly now: FreeSizes }> {
    const list = await session.readUsers();
    if (this.first === undefined) {
      this.first = sightOf(list, session.identity);
      this.algorithm = await session.readFingerprintAlgorithm();
    }
    const { first } = this;
    requireEqualCounters(first.counters, list.counters);
    if (digestOf(list) !== first.digest) throw changed();
    return { first, now: list.counters };
  }

  private async readTemplates(
    session: ZkCredentialSession,
    sitting: Sitting,
    counted: number | undefined,
  ): Promise<boolean> {
    const again = this.lastPiece;
    if (again && this.first?.counters.operations === undefined) throw withoutOperations();
    let seen = 0;
    const { announcedBytes, nextByte } = await session.streamTemplates({
      fromByte: this.nextByte - (again?.length ?? 0),
      mostBytes: mostTemplateBytes(counted),
      onSize: (bytes) => this.requireSize(bytes),
      onBytes: async (bytes) => {
        const known = Math.min(Math.max((again?.length ?? 0) - seen, 0), bytes.length);
        if (again && known > 0 && !again.subarray(seen, seen + known).equals(bytes.subarray(0, known))) throw changed();
        seen += known;
        await this.take(bytes.subarray(known));
        const of = this.announcedBytes ?? this.nextByte;
        sitting.onProgress({ stage: 'credentials', done: this.nextByte, of, unit: 'bytes' });
        // At least one new piece in each sitting, or it would never end.
        return known === bytes.length || sitting.mayGoOn();
      },
    });
    this.requireSize(announcedBytes);
    if (nextByte < announcedBytes) return false;
    if (announcedBytes > 0) wellFormed(() => this.decoder.end());
    return true;
  }

  private requireSize(bytes: number): void {
    this.announcedBytes ??= bytes;
    if (this.announcedBytes !== bytes) throw changed();
  }

  private async take(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return;
    for (const record of wellFormed(() => [...this.decoder.push(bytes)])) await this.keep(record);
    this.nextByte += bytes.length;
    this.lastPiece = bytes;
  }

  private async keep(record: TemplateRecord): Promise<void> {
    const { slot, finger, flag, template } = record;
    this.proof.take(record, false);
    this.templates.add(slot, { finger, flag, ...(await this.spool.append(template)) });
  }

  private factsOf({ identity, recordWidth, unusable }: Sight, counters: FreeSizes): CopyFacts {
    const { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces = 0 } = counters;
    return {
      identity,
      protocol: 'zk',
      fingerprintAlgorithm: this.algorithm,
      recordWidth,
      counters: { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces },
      lacking: [
        ...(faces > 0 ? [`${faces} faces, which this protocol does not hand out`] : []),
        ...(unusable > 0 ? [`${unusable} records without a usable ID`] : []),
      ],
      readAt: this.now(),
    };
  }
}

function requireEqualCounters(before: FreeSizes, after: FreeSizes): void {
  const kinds = ['users', 'templates', 'operations'] as const;
  const moved = kinds.find((kind) => before[kind] !== after[kind]);
  if (moved === undefined) return;
  throw new IncompleteReadError(
    'counter-changed',
    `The terminal counted ${before[moved]} ${moved} before the copy and ${after[moved]} later: somebody is at its keypad; ` +
      'copy it again when they are done',
    { counterBefore: before[moved], counterAfter: after[moved] },
  );
}

function sightOf(list: ZkUserRead, identity: DeviceIdentity): Sight {
  const recordOfSlot = new Map(list.records.map((record) => [record.slot, record.raw]));
  const users = list.read.users.toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId));
  return {
    digest: digestOf(list),
    counters: list.counters,
    identity,
    unusable: list.read.invalid.length,
    recordWidth: list.width ?? null,
    ids: users.map(({ deviceUserId }) => deviceUserId),
    records: Buffer.concat(users.map(({ slot }) => recordOfSlot.get(slot!)!)),
  };
}

function digestOf({ records }: ZkUserRead): string {
  const hash = createHash('sha256');
  for (const { raw } of records) hash.update(raw);
  return hash.digest('hex');
}

function changed(): IncompleteReadError {
  return new IncompleteReadError(
    'list-changed',
    'Users of the terminal were changed while it was copied; copy it again when nobody is at its keypad',
  );
}

function withoutOperations(): IncompleteReadError {
  return new IncompleteReadError(
    'no-counter',
    'The terminal has more fingerprints than fit into one turn at it, and does not count its operations, so that nothing shows ' +
      'whether a finger was enrolled anew in between; copy it when nobody else uses it',
  );
}

/** A set that cannot be taken apart is not whole. */
function wellFormed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof ZkFormatError)) throw error;
    throw new IncompleteReadError('size-mismatch', `${error.message}; read it again`);
  }
}
