import {
  type CompletePunchRead,
  type CompleteUserRead,
  DeviceError,
  DeviceGateway,
  type DeviceReader,
  type ReadProgress,
} from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { Clock, type WallTime } from '@app/kernel';
import { Injectable } from '@nestjs/common';

/** What the terminal's clock showed, and when we asked by ours: half-way between question and answer. */
export interface ClockReading {
  readonly wallTime: WallTime;
  readonly askedAt: Date;
}

/** All that one session with a terminal gave. */
export interface TerminalReading {
  readonly users: CompleteUserRead;
  /** The log; or why it is not known. A log that cannot be read takes nothing from the proof of the users. */
  readonly punches: CompletePunchRead | DeviceError;
  readonly clock: ClockReading | undefined;
}

/** The part of a run that touches the terminal: one read session, in which no transaction is open. */
@Injectable()
export class TerminalReadings {
  constructor(
    private readonly gateway: DeviceGateway,
    private readonly devices: DevicesService,
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
    await using reader = await this.gateway.openReader(await this.devices.targetOf(device), { signal });
    const users = await reader.readUsers({ onProgress });
    const clock = await unlessAborted(signal, () => this.readClock(reader));
    const punches = await unlessAborted(signal, () => reader.readPunches(users, { onProgress }));
    return { users, punches, clock: clock instanceof DeviceError ? undefined : clock };
  }

  /** Every user and nothing else. @throws as read */
  async readUsers(
    device: Device,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: ReadProgress) => void },
  ): Promise<CompleteUserRead> {
    const { signal, onProgress } = options;
    await using reader = await this.gateway.openReader(await this.devices.targetOf(device), { signal });
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
