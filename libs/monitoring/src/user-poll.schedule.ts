import { sqlState, SqlState } from '@app/database';
import { type Device, DevicesService } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { AppError, BackgroundWork, Clock, systemActor } from '@app/kernel';
import { LeaseBusyError } from '@app/sync-coordinator';
import { type BeforeApplicationShutdown, Inject, Injectable, Logger } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { MONITORING_OPTIONS, type MonitoringOptions } from './monitoring-options.js';
import { PollAgenda } from './poll-agenda.js';
import { UserPoll } from './user-poll.js';

/** A terminal that is at another server is left to that one for this long. */
const LEFT_ALONE_MS = 30_000;
/** How often terminals that are new are looked for. */
const ADMISSION_MS = 10_000;

/**
 * Polls every enabled terminal once in each interval (requirement 9.1): some at a time, none twice at once, each at its own
 * moment of the interval. It looks every second for what is due.
 */
@Injectable()
export class UserPollSchedule implements BeforeApplicationShutdown {
  private readonly logger = new Logger(UserPollSchedule.name);
  private readonly background = new BackgroundWork();
  private readonly underway = new Map<string, Promise<void>>();
  /** Terminals of other servers, and until when they are left to those. */
  private readonly elsewhere = new Map<string, number>();
  private on = true;
  private spread = false;
  private admittedAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly agenda: PollAgenda,
    private readonly poll: UserPoll,
    private readonly devices: DevicesService,
    private readonly readers: TerminalReaders,
    private readonly clock: Clock,
    @Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions,
  ) {}

  /** Whether polls begin in this process. */
  get isOn(): boolean {
    return this.on;
  }

  get pollsUnderway(): number {
    return this.underway.size;
  }

  start(): void {
    this.on = true;
  }

  /** Begins no more polls; what is under way comes to its end. */
  stop(): void {
    this.on = false;
    this.spread = false;
  }

  @Cron('* * * * * *', { name: 'user-poll', timeZone: 'UTC', waitForCompletion: true })
  async beginDue(): Promise<void> {
    if (!this.on) return;
    await this.background.round(() => this.claimAndBegin());
  }

  /** Resolves when no poll is under way. */
  async idle(): Promise<void> {
    while (this.underway.size > 0) await Promise.allSettled(this.underway.values());
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }

  private async claimAndBegin(): Promise<void> {
    const at = this.clock.now();
    const room = this.options.pollsAtOnce - this.underway.size;
    try {
      await this.admit(at);
      if (room <= 0) return;
      for (const id of await this.agenda.claimDue(at, room, [...this.underway.keys(), ...this.leftToOthers()]))
        this.begin(id);
    } catch (error) {
      // Somebody is just storing a long list of a terminal that is new; a second later it is tried again.
      if (sqlState(error) !== SqlState.LOCK_NOT_AVAILABLE) throw error;
    }
  }

  private async admit(at: Date): Promise<void> {
    if (!this.spread) await this.agenda.spread(at);
    this.spread = true;
    const nowMs = this.clock.monotonicMs();
    if (nowMs - this.admittedAtMs < ADMISSION_MS) return;
    this.admittedAtMs = nowMs;
    await this.agenda.admitNew(at);
  }

  private begin(deviceId: string): void {
    const poll = this.background
      .round((signal) => this.carryOut(deviceId, signal))
      .catch((error: unknown) => this.logger.error(error))
      .finally(() => this.underway.delete(deviceId));
    this.underway.set(deviceId, poll);
  }

  private async carryOut(deviceId: string, signal: AbortSignal): Promise<void> {
    const device = await this.devices.get(deviceId);
    if (!(await this.readers.isOurs(device))) return this.leaveAlone(device);
    try {
      await this.poll.execute(device, { actor: systemActor, signal });
    } catch (error) {
      if (error instanceof LeaseBusyError) await this.agenda.putBack(deviceId, this.clock.now());
      // What a terminal does wrong is recorded and told by the poll.
      else if (!(error instanceof AppError)) throw error;
    }
  }

  /** Its own server polls it, or it dials again soon. */
  private async leaveAlone({ id }: Device): Promise<void> {
    this.elsewhere.set(id, this.clock.monotonicMs() + LEFT_ALONE_MS);
    await this.agenda.putBack(id, this.clock.now());
  }

  private leftToOthers(): string[] {
    const nowMs = this.clock.monotonicMs();
    for (const [id, untilMs] of this.elsewhere) if (untilMs <= nowMs) this.elsewhere.delete(id);
    return [...this.elsewhere.keys()];
  }
}
