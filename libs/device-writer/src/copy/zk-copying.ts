import { createHash } from 'node:crypto';
import { type AddressTarget, IncompleteReadError } from '@app/device-gateway';
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
import { SealedSpool, type SpoolPlace } from './sealed-spool.js';
import { type CopyContents } from './spooled-copy.js';

/** A template that lies in the spool. */
interface SpooledTemplate extends SpoolPlace {
  readonly finger: number;
  readonly flag: number;
}

/** What must be the same in every sitting. */
interface Sight {
  readonly list: ZkUserRead;
  readonly digest: string;
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
  private readonly templates = new Map<number, SpooledTemplate[]>();
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
    const list = await session.readUsers();
    this.requireSame(list);
    if (this.first === undefined) {
      this.first = { list, digest: digestOf(list) };
      this.algorithm = await session.readFingerprintAlgorithm();
    }
    const isComplete = await this.readTemplates(session, sitting);
    this.counters = await session.readCounters();
    requireEqualCounters(this.first.list.counters, this.counters);
    return isComplete;
  }

  finish(): CopyContents {
    const { first, counters } = this;
    if (!first || !counters) throw new TypeError('A copy that was never begun cannot be finished');
    this.proof.of({ counterBefore: first.list.counters.templates, counterAfter: counters.templates });
    const { identity, users } = this.usersOf(first);
    const { spool, templates, target } = this;
    return {
      facts: { ...this.factsOf(first.list, counters), identity },
      ids: users.map(([id]) => id),
      async snapshotAt(place) {
        const [, record] = users[place];
        const held = (templates.get(record.readUInt16LE(0)) ?? []).toSorted((a, b) => a.finger - b.finger);
        const fingers = [];
        for (const { finger, flag, ...where } of held)
          fingers.push({ finger, flag, template: await spool.read(where) });
        return zkSnapshot({ depth: 'everything', record, templates: fingers }, target.encoding);
      },
      [Symbol.asyncDispose]: () => spool[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.spool[Symbol.asyncDispose]();
  }

  private async readTemplates(session: ZkCredentialSession, sitting: Sitting): Promise<boolean> {
    const counted = this.first?.list.counters.templates;
    const again = this.lastPiece;
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
    const { finger, flag, template } = record;
    this.proof.take(record, false);
    const held = this.templates.get(record.slot) ?? [];
    this.templates.set(record.slot, [...held, { finger, flag, ...(await this.spool.append(template)) }]);
  }

  private requireSame(list: ZkUserRead): void {
    if (!this.first) return;
    requireEqualCounters(this.first.list.counters, list.counters);
    if (digestOf(list) !== this.first.digest) throw changed();
  }

  /** Everybody with a usable ID, in the order of IDs. */
  private usersOf({ list }: Sight): {
    identity: CopyFacts['identity'];
    users: (readonly [DeviceUserId, Buffer])[];
  } {
    const recordOfSlot = new Map(list.records.map((record) => [record.slot, record.raw]));
    const users = list.read.users
      .map(({ deviceUserId, slot }) => [deviceUserId, recordOfSlot.get(slot!)!] as const)
      .toSorted(([a], [b]) => compareDeviceUserIds(a, b));
    return { identity: { serialNumber: list.read.proof.serialNumber }, users };
  }

  private factsOf({ records, width }: ZkUserRead, counters: FreeSizes): Omit<CopyFacts, 'identity'> {
    const { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces = 0 } = counters;
    return {
      protocol: 'zk',
      fingerprintAlgorithm: this.algorithm,
      recordWidth: records.length > 0 ? (width ?? null) : null,
      counters: { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces },
      lacking: faces > 0 ? [`${faces} faces, which this protocol does not hand out`] : [],
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

/** A set that cannot be taken apart is not whole. */
function wellFormed<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    if (!(error instanceof ZkFormatError)) throw error;
    throw new IncompleteReadError('size-mismatch', `${error.message}; read it again`);
  }
}
