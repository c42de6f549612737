import { type WallTime } from '@app/kernel';
import { Command } from '@app/zk-protocol';
import { type CompletePunchRead } from '../../complete-punch-read.js';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError } from '../../device.errors.js';
import { type DeviceOperation } from '../../device-operation.js';
import { DeviceReader, type ReadOptions } from '../../device-reader.js';
import { type AddressTarget } from '../../device-target.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { proveOperations } from '../../prove-operations.js';
import { provePunchRead } from '../../prove-punches.js';
import { type BulkSet } from './bulk-read.js';
import { type ReadOnlyChannel } from './read-only-channel.js';
import { readFreeSizes, readTime } from './zk-session.js';
import { OPERATIONS, PUNCHES, recordsOf, ZkSets } from './zk-sets.js';
import { readProvenUsers } from './zk-user-read.js';

/** An open session with a ZK terminal through our own driver. */
export class ZkReader extends DeviceReader {
  private readonly sets: ZkSets;

  constructor(
    readonly identity: DeviceIdentity,
    private readonly target: AddressTarget,
    private readonly channel: ReadOnlyChannel,
    private readonly timeouts: GatewayTimeouts,
  ) {
    super();
    this.sets = new ZkSets(channel, timeouts);
  }

  /** Counts, reads all records, counts again, and proves that these belong together. The terminal stays usable. */
  async readUsers(options: ReadOptions = {}): Promise<CompleteUserRead> {
    const { read } = await readProvenUsers(this.sets, this.identity.serialNumber, this.target, options);
    return read;
  }

  /** Counts, reads the log, counts again. A counter of 0 is no reason not to read: it may lie. */
  async readPunches(users: CompleteUserRead, { onProgress }: ReadOptions = {}): Promise<CompletePunchRead> {
    const startedAt = performance.now();
    const counterBefore = await this.punchCounter();
    const set = await this.sets.read(PUNCHES, (progress) => onProgress?.({ stage: 'reading_punches', ...progress }));
    const counterAfter = await this.punchCounter();
    await this.sets.requireOrder(set, PUNCHES);
    return provePunchRead(
      {
        bytes: recordsOf(set, PUNCHES),
        counterBefore,
        counterAfter,
        announcedBytes: set.announcedBytes,
        receivedBytes: set.bytes.length,
        durationMs: Math.round(performance.now() - startedAt),
      },
      users,
    );
  }

  /**
   * Counts, reads the operation log, counts again. A terminal that refuses it keeps none that can be read; an error code
   * is never taken for an empty log, since that would say that nothing was done at the keypad.
   */
  override async readOperations(): Promise<readonly DeviceOperation[] | undefined> {
    const { operations: counterBefore } = await readFreeSizes(this.channel);
    const set = await this.operationSet();
    if (!set || set.bytes.length === 0) return undefined;
    const { operations: counterAfter } = await readFreeSizes(this.channel);
    await this.sets.requireOrder(set, OPERATIONS);
    return proveOperations({
      bytes: recordsOf(set, OPERATIONS),
      announcedBytes: set.announcedBytes,
      receivedBytes: set.bytes.length,
      counterBefore,
      counterAfter,
    });
  }

  async readCounters(): Promise<DeviceCounters> {
    const sizes = await readFreeSizes(this.channel);
    const { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces } = sizes;
    return { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces };
  }

  async readClock(): Promise<WallTime> {
    return readTime(this.channel);
  }

  async close(): Promise<void> {
    this.channel.limitTo(this.timeouts.closeMs);
    await this.channel.request(Command.EXIT).catch(() => undefined); // some terminals do not answer it
    this.channel.destroy();
  }

  private async operationSet(): Promise<BulkSet | undefined> {
    try {
      return await this.sets.read(OPERATIONS);
    } catch (error) {
      if (error instanceof DeviceError && error.code === 'device/refused') return undefined;
      throw error;
    }
  }

  private async punchCounter(): Promise<number> {
    const { punches } = await readFreeSizes(this.channel);
    if (punches !== undefined) return punches;
    throw new DeviceError(
      'device/refused',
      'The terminal does not count its punches, so that no read of them is proven',
    );
  }
}
