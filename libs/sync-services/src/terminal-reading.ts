import { DeviceUserBufferService } from '@app/buffer';
import {
  type CompletePunchRead,
  type CompleteUserRead,
  type DeviceCounters,
  DeviceError,
  type DeviceReader,
  type ReadProgress,
} from '@app/device-gateway';
import { type Device } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { Clock, type WallTime } from '@app/kernel';
import { type ConfirmedUserRead, DeviceWatch, readConfirmed } from '@app/monitoring';
import { PunchesService } from '@app/punches';
import { Injectable } from '@nestjs/common';

/** What the terminal's clock showed, and when we asked by ours: half-way between question and answer. */
export interface ClockReading {
  readonly wallTime: WallTime;
  readonly askedAt: Date;
}

/** All that one session with a terminal gave. */
export interface TerminalReading {
  /** Whoever is lacking was looked for twice. */
  readonly users: ConfirmedUserRead;
  /** The log; or why it is not known. A log that cannot be read takes nothing from the proof of the users. */
  readonly punches: CompletePunchRead | DeviceError;
  readonly clock: ClockReading | undefined;
  readonly counters: DeviceCounters | undefined;
}

/** The part of a run that touches the terminal: one read session, in which no transaction is open. */
@Injectable()
export class TerminalReadings {
  constructor(
    private readonly readers: TerminalReaders,
    private readonly watch: DeviceWatch,
    private readonly buffer: DeviceUserBufferService,
    private readonly punches: PunchesService,
    private readonly clock: Clock,
  ) {}

  /**
   * Users first, since they are what must not be missed; then the clock and the punch log.
   * @throws {IncompleteReadError} it is not proven that these are all users
   * @throws {DeviceError} the session broke before they were read, or `signal` fired
   */
  async read(
    device: Device,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: ReadProgress) => void },
  ): Promise<TerminalReading> {
    const { signal, onProgress } = options;
    const detailsReadAt = await this.buffer.findDetailsRead(device.id);
    const position = await this.punches.findPosition(device.id);
    const expected = await this.watch.findExpected(device.id);
    await using reader = await this.readers.open(device, signal);
    const now = (): Date => this.clock.now();
    const users = await readConfirmed(reader, expected, { signal, onProgress, detailsReadAt, now });
    const clock = await unlessAborted(signal, () => this.readClock(reader));
    // Firmware that cannot count while it is connected would leave the question open.
    const canCount = users.read.proof.witness === 'fresh-counters';
    const counters = canCount ? await unlessAborted(signal, () => reader.readCounters()) : undefined;
    const punches = await unlessAborted(signal, () => reader.readPunches(users.read, { onProgress, position }));
    return { users, punches, clock: unlessError(clock), counters: unlessError(counters) };
  }

  /** Every user and nothing else. @throws as read */
  async readUsers(
    device: Device,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: ReadProgress) => void },
  ): Promise<CompleteUserRead> {
    const { signal, onProgress } = options;
    await using reader = await this.readers.open(device, signal);
    return await reader.readUsers({ onProgress });
  }

  private async readClock(reader: DeviceReader): Promise<ClockReading> {
    const before = this.clock.now().getTime();
    const wallTime = await reader.readClock();
    return { wallTime, askedAt: new Date((before + this.clock.now().getTime()) / 2) };
  }
}

/** A terminal's failure is an answer; that somebody wants the work to stop is not. */
async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T | DeviceError> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || !(error instanceof DeviceError)) throw error;
    return error;
  }
}

function unlessError<T>(answer: T | DeviceError | undefined): T | undefined {
  return answer instanceof DeviceError ? undefined : answer;
}
