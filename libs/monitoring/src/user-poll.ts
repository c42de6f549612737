import { DeviceUserBufferService, sightingOf } from '@app/buffer';
import { DeviceError } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { TerminalReaders } from '@app/dial-in';
import { type Actor, Clock } from '@app/kernel';
import { deviceLockKey, type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { readConfirmed } from './confirmed-read.js';
import { DeviceWatch, type WatchFindings } from './device-watch.js';
import { MONITORING_SERVICE } from './incident.ledger.js';

/** What one poll found. */
export interface PollResult extends WatchFindings {
  readonly userCount: number;
}

/**
 * One poll of one terminal: lease, every user with proof, compare, store, release. It reads the users and nothing else;
 * whom it meets for the first time is buffered at once. It can only read: what it holds is a DeviceReader.
 */
@Injectable()
export class UserPoll {
  private readonly logger = new Logger(UserPoll.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly coordinator: SyncCoordinator,
    private readonly readers: TerminalReaders,
    private readonly watch: DeviceWatch,
    private readonly buffer: DeviceUserBufferService,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws {LeaseBusyError} somebody else works at the terminal
   * @throws {DeviceError} it gave no list; that is recorded, and says nothing of its users
   */
  async execute(
    device: Device,
    options: { readonly actor: Actor; readonly signal?: AbortSignal },
  ): Promise<PollResult> {
    const { actor: performedBy, signal } = options;
    try {
      const found = await this.coordinator.withLease(
        deviceLockKey(device.id),
        { service: MONITORING_SERVICE, signal },
        (lease) => this.poll(device, lease, { performedBy, signal }),
      );
      this.watch.tell(device, found);
      return found;
    } catch (error) {
      if (error instanceof DeviceError && !signal?.aborted) await this.noteFailure(device, error);
      throw error;
    }
  }

  private async poll(
    device: Device,
    lease: Lease,
    { performedBy, signal: wanted }: { readonly performedBy: Actor; readonly signal?: AbortSignal },
  ): Promise<PollResult> {
    const startedAt = this.clock.now();
    const signal = wanted ? AbortSignal.any([wanted, lease.signal]) : lease.signal;
    const confirmed = await this.read(device, signal);
    const seenAt = this.clock.now();
    return lease.transaction(async (tx) => {
      const findings = await this.watch.recordRead(tx, device, confirmed, {
        seenAt,
        startedAt,
        leaseToken: lease.token,
      });
      const { users, detailsAsked } = confirmed.read;
      const news = new Set([...findings.arrived.map(({ deviceUserId }) => deviceUserId), ...detailsAsked]);
      if (news.size > 0) {
        const context = { deviceId: device.id, seenAt, service: MONITORING_SERVICE, performedBy };
        const told = users.filter(({ deviceUserId }) => news.has(deviceUserId));
        await this.buffer.recordSightings(tx, context, told.map(sightingOf));
        await this.buffer.noteDetailsRead(tx, context, detailsAsked);
      }
      return { ...findings, userCount: confirmed.read.users.length };
    });
  }

  /** No transaction is open meanwhile, and the session has ended when it returns. */
  private async read(device: Device, signal: AbortSignal): ReturnType<typeof readConfirmed> {
    const expected = await this.watch.findExpected(device.id);
    const detailsReadAt = await this.buffer.findDetailsRead(device.id);
    await using reader = await this.readers.open(device, signal);
    return await readConfirmed(reader, expected, { signal, detailsReadAt, now: () => this.clock.now() });
  }

  private async noteFailure(device: Device, error: DeviceError): Promise<void> {
    const about = { device_id: device.id, device: device.name, code: error.code, reason: error.message };
    this.logger.warn({ msg: 'the terminal could not be polled; its users are taken to be as they were', ...about });
    await this.dataSource.transaction((tx) => this.watch.recordFailure(tx, device, error, this.clock.now()));
  }
}
