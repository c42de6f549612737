import { DeviceUserBufferService } from '@app/buffer';
import {
  type CompletePunchRead,
  type CompleteUserRead,
  DeviceError,
  DeviceGateway,
  type DeviceReader,
  type ReadProgress,
} from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { TerminalPresence } from '@app/dial-in';
import { Clock, type WallTime } from '@app/kernel';
import { PunchesService } from '@app/punches';
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
    private readonly presence: TerminalPresence,
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
    await using reader = await this.open(device, signal);
    const users = await reader.readUsers({ onProgress, detailsReadAt });
    const clock = await unlessAborted(signal, () => this.readClock(reader));
    const punches = await unlessAborted(signal, () => reader.readPunches(users, { onProgress, position }));
    return { users, punches, clock: clock instanceof DeviceError ? undefined : clock };
  }

  /** Every user and nothing else. @throws as read */
  async readUsers(
    device: Device,
    options: { readonly signal: AbortSignal; readonly onProgress?: (progress: ReadProgress) => void },
  ): Promise<CompleteUserRead> {
    const { signal, onProgress } = options;
    await using reader = await this.open(device, signal);
    return await reader.readUsers({ onProgress });
  }

  /** A terminal that dials in and is not here may be at another server; whoever asked must know where to ask. */
  private async open(device: Device, signal: AbortSignal): Promise<DeviceReader> {
    if (device.driver === 'aiface') await this.requireConnected(device);
    return this.gateway.openReader(await this.devices.targetOf(device), { signal });
  }

  /** @throws {DeviceError} `device/not-connected` */
  private async requireConnected(device: Device): Promise<void> {
    const where = await this.presence.whereaboutsOf(device);
    if (where.kind === 'here') return;
    const dialsIn = `"${device.name}" (serial ${device.serialNumber}) dials in`;
    const message =
      where.kind === 'elsewhere'
        ? `${dialsIn}, and is connected to the server process ${where.server}: ask that server, ` +
          `POST /api/devices/${device.id}/sync, or wait for its next run`
        : `${dialsIn}, and is connected to no server; last heard of: ${where.lastHeardAt?.toISOString() ?? 'never'}. ` +
          'See its network and its server settings (docs/devices.md)';
    throw new DeviceError('device/not-connected', message, { stage: 'connect' });
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
