import { type WallTime } from '@app/kernel';
import {
  Command,
  decodePacket,
  decodeUserRecord,
  encodeOptionRequest,
  type UserRecord,
  ZkFormatError,
  type ZkPacket,
} from '@app/zk-protocol';
import { type CompletePunchRead } from '../../complete-punch-read.js';
import { type CompleteUserRead } from '../../complete-user-read.js';
import { DeviceError, IncompleteReadError } from '../../device.errors.js';
import { DeviceReader, type ReadOptions } from '../../device-reader.js';
import { type CheckedTarget } from '../../device-networks.js';
import { type DeviceCounters, type DeviceIdentity } from '../../device-user.js';
import { type GatewayTimeouts } from '../../gateway-timeouts.js';
import { nameDecoder } from '../../name-encoding.js';
import { proveUserRead } from '../../prove.js';
import { provePunchRead } from '../../prove-punches.js';
import { freeSizesOf, optionOf, requireSerialNumber, timeOf, versionOf } from '../zk/zk-session.js';
import { ReadOnlyRelay } from './read-only-relay.js';
import { type ZklibJob, type ZklibResult } from './zklib-child.js';
import { ZklibProcess } from './zklib-process.js';

/**
 * A terminal read through npm node-zklib. The library moves the bytes; our codec judges them, and the proof is the same
 * as everywhere. Over UDP it reads 28-byte records only; others fail the proof.
 */
export class ZklibReader extends DeviceReader {
  identity: DeviceIdentity = { serialNumber: '' };
  private process?: ZklibProcess;
  private stopped?: DeviceError;
  private readonly deadline: NodeJS.Timeout;
  private readonly onAbort = (): void =>
    this.stop(
      new DeviceError('device/aborted', 'The work at the terminal was stopped', { cause: this.signal?.reason }),
    );

  constructor(
    private readonly target: CheckedTarget,
    private readonly timeouts: GatewayTimeouts,
    private readonly signal?: AbortSignal,
  ) {
    super();
    const { overallMs } = timeouts;
    const late = new DeviceError(
      'device/timeout',
      `The session with the terminal took longer than ${overallMs} ms in all`,
    );
    this.deadline = setTimeout(() => this.stop(late), overallMs);
    signal?.addEventListener('abort', this.onAbort, { once: true });
    if (signal?.aborted) this.onAbort();
  }

  /** Starts the process and asks the terminal who it is. @throws {DeviceError} */
  async introduce(): Promise<void> {
    const option = async (name: string): Promise<string | undefined> =>
      optionOf(await this.command(Command.OPTIONS_READ, encodeOptionRequest(name)));
    const serialNumber = await option('~SerialNumber');
    if (!serialNumber) {
      throw new DeviceError(
        'device/refused',
        'The terminal does not tell its serial number, so it cannot be known again',
      );
    }
    requireSerialNumber(serialNumber, this.target);
    this.identity = {
      serialNumber,
      model: await option('~DeviceName'),
      platform: await option('~Platform'),
      firmware: versionOf(await this.command(Command.VERSION)),
    };
  }

  async readUsers({ onProgress }: ReadOptions = {}): Promise<CompleteUserRead> {
    const startedAt = performance.now();
    onProgress?.({ stage: 'counting', receivedBytes: 0 });
    const { users: counterBefore } = await this.readCounters();
    onProgress?.({ stage: 'reading', receivedBytes: 0 });
    const { records, recordWidthBytes } = await this.readRecords(counterBefore);
    onProgress?.({ stage: 'proving', receivedBytes: records.length * recordWidthBytes });
    const { users: counterAfter } = await this.readCounters();
    return proveUserRead(
      {
        records,
        counterBefore,
        counterAfter,
        recordWidthBytes,
        serialNumber: this.identity.serialNumber,
        driver: this.target.driver,
        transport: this.target.transport,
        durationMs: Math.round(performance.now() - startedAt),
      },
      nameDecoder(this.target.encoding),
    );
  }

  /** The library tells neither sizes nor whether its list is whole; the counters on both sides do. */
  async readPunches(users: CompleteUserRead, { onProgress }: ReadOptions = {}): Promise<CompletePunchRead> {
    const startedAt = performance.now();
    const counterBefore = await this.punchCounter();
    onProgress?.({ stage: 'reading_punches', receivedBytes: 0 });
    const { recordsHex } = await this.records('punches', counterBefore);
    const counterAfter = await this.punchCounter();
    const bytes = Buffer.from(recordsHex.join(''), 'hex');
    const durationMs = Math.round(performance.now() - startedAt);
    return provePunchRead({ bytes, counterBefore, counterAfter, durationMs }, users);
  }

  async readCounters(): Promise<DeviceCounters> {
    const sizes = freeSizesOf(await this.command(Command.FREE_SIZES));
    const { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces } = sizes;
    return { users, templates, punches, userCapacity, templateCapacity, punchCapacity, faces };
  }

  async readClock(): Promise<WallTime> {
    return timeOf(await this.command(Command.GET_TIME));
  }

  async close(): Promise<void> {
    this.stop(new DeviceError('device/connection-lost', 'The session was closed'));
    await this.process?.kill();
  }

  private async punchCounter(): Promise<number> {
    const { punches } = await this.readCounters();
    if (punches !== undefined) return punches;
    throw new DeviceError(
      'device/refused',
      'The terminal does not count its punches, so that no read of them is proven',
    );
  }

  private async readRecords(counter: number): Promise<{ records: UserRecord[]; recordWidthBytes: number }> {
    const { recordsHex, recordBytes } = await this.records('users', counter);
    const width = recordBytes === 28 ? 28 : 72;
    return {
      records: recordsHex.map((hex) => decodeUserRecord(Buffer.from(hex, 'hex'), width)),
      recordWidthBytes: width,
    };
  }

  private async records(
    kind: 'users' | 'punches',
    counter: number,
  ): Promise<{ readonly recordsHex: readonly string[]; readonly recordBytes: number }> {
    const result = await this.run({ kind });
    if ('recordsHex' in result) return result;
    const said = 'failure' in result ? result.failure : 'nothing';
    throw new IncompleteReadError(
      'chunk-incomplete',
      `npm node-zklib did not get the whole list of ${counter} ${kind} (it said: ${said}); read it again, or use the driver "zk"`,
    );
  }

  /** One short command; the library looks at neither code, checksum nor number, so we do. */
  private async command(command: number, data: Buffer = Buffer.alloc(0)): Promise<ZkPacket> {
    const result = await this.run({ kind: 'command', command, dataHex: data.toString('hex') });
    if (!('packetHex' in result)) {
      const said = 'failure' in result ? result.failure : 'nothing';
      throw new DeviceError('device/timeout', `npm node-zklib got no answer from the terminal (it said: ${said})`);
    }
    try {
      return decodePacket(Buffer.from(result.packetHex, 'hex'));
    } catch (error) {
      if (!(error instanceof ZkFormatError)) throw error;
      throw new DeviceError('device/protocol-violation', error.message, { cause: error });
    }
  }

  /** Each piece of work has a relay, and so a connection, of its own. */
  private async run(job: Pick<ZklibJob, 'kind' | 'command' | 'dataHex'>): Promise<ZklibResult> {
    if (this.stopped) throw this.stopped;
    this.process ??= await ZklibProcess.start();
    const relay = await ReadOnlyRelay.open(this.target);
    try {
      const { transport } = this.target;
      const result = await this.process.run({ ...job, transport, port: relay.port, timeoutMs: this.timeouts.idleMs });
      if (relay.failure) throw relay.failure;
      return result;
    } catch (error) {
      throw this.stopped ?? relay.failure ?? error;
    } finally {
      relay.close();
    }
  }

  private stop(error: DeviceError): void {
    this.stopped ??= error;
    clearTimeout(this.deadline);
    this.signal?.removeEventListener('abort', this.onAbort);
    void this.process?.kill();
  }
}
