import { createHash } from 'node:crypto';
import { type Tx } from '@app/database';
import { type DeviceCounters, type DeviceUser } from '@app/device-gateway';
import { DeviceUserDeletions } from '@app/device-writer';
import { type Device } from '@app/devices';
import { type AppError, compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { compareReads, type KnownUser, type ReadComparison } from './compare-reads.js';
import { type ConfirmedUserRead } from './confirmed-read.js';
import { DeviceRoster } from './device-roster.js';
import { DeviceHealth } from './health/index.js';
import { ObservationLog, UserCountHistory } from './history/index.js';
import { IncidentLedger } from './incident.ledger.js';
import { Investigation } from './investigation.js';
import { DeviceWatchState, type Incident } from './monitoring.entities.js';
import { PollAgenda } from './poll-agenda.js';
import { isReset } from './reset-signs.js';

/** Where and when a read was made. */
export interface WatchContext {
  readonly seenAt: Date;
  /** When the read was begun: the next poll is due one period later. */
  readonly startedAt: Date;
  /** The fencing token that it was made under. */
  readonly leaseToken: string;
  /** By how many seconds the terminal's clock is ahead; undefined: it was not asked. */
  readonly clockDriftSeconds?: number;
  readonly counters?: DeviceCounters;
}

/** What one complete read changed of what is known. */
export interface WatchFindings {
  /** Newly missing; whom an administrator deleted is not among them. */
  readonly missing: readonly KnownUser[];
  readonly returned: readonly KnownUser[];
  readonly arrived: readonly DeviceUser[];
  readonly incident?: Incident;
}

const NOTHING: WatchFindings = { missing: [], returned: [], arrived: [] };

/**
 * Watches who is on each terminal. Every complete read, of whichever run or poll, is compared with the last good list;
 * whoever was missing twice in one session is recorded as missing, and stays in the list that is compared with until
 * they return or an administrator says why they are gone (safety design 2). A read that failed changes nothing of that.
 */
@Injectable()
export class DeviceWatch {
  private readonly logger = new Logger(DeviceWatch.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly roster: DeviceRoster,
    private readonly deletions: DeviceUserDeletions,
    private readonly ledger: IncidentLedger,
    private readonly investigation: Investigation,
    private readonly health: DeviceHealth,
    private readonly observations: ObservationLog,
    private readonly counts: UserCountHistory,
    private readonly agenda: PollAgenda,
  ) {}

  /** Whom the next read should show; who of them is lacking must be looked for twice. Asked under the device's lease. */
  async findExpected(deviceId: string): Promise<ReadonlySet<DeviceUserId>> {
    const present = await this.roster.findPresentIds(deviceId);
    const state = await this.dataSource.manager.findOneBy(DeviceWatchState, { deviceId });
    for (const id of await this.findDeleted(this.dataSource.manager, deviceId, state)) present.delete(id);
    return present;
  }

  /** Compares a read with what was known, and keeps the difference; in the fenced transaction of the run or poll. */
  async recordRead(
    tx: Tx,
    device: Device,
    confirmed: ConfirmedUserRead,
    context: WatchContext,
  ): Promise<WatchFindings> {
    const state = await this.takeTurn(tx, device.id);
    const { users } = confirmed.read;
    const usersDigest = digestOf(users);
    const unchanged = state.usersDigest === usersDigest && confirmed.lacking.size === 0;
    const findings = unchanged ? NOTHING : await this.recordDifference(tx, device, state, confirmed, context);
    await this.health.noteSuccess(tx, device, state, {
      at: context.seenAt,
      firmware: confirmed.identity.firmware,
      clockDriftSeconds: context.clockDriftSeconds,
      counters: context.counters ?? confirmed.scene?.counters,
    });
    await this.observations.note(tx, device.id, {
      outcome: 'complete',
      userCount: users.length,
      at: context.seenAt,
    });
    const lastCompleteAt = laterOf(state.lastCompleteAt, context.seenAt);
    await tx.update(
      DeviceWatchState,
      { deviceId: device.id },
      {
        usersDigest,
        userCount: users.length,
        lastCompleteAt,
        lastLeaseToken: context.leaseToken,
        pollStartedAt: context.startedAt,
        suspectSince: null,
      },
    );
    await this.agenda.noteRead(tx, device.id, context.startedAt);
    return findings;
  }

  /** Says what was found, as soon as it is stored. */
  tell(device: Device, { missing, returned, incident }: WatchFindings): void {
    const about = { device_id: device.id, device: device.name, incident_id: incident?.id };
    if (missing.length > 0) {
      const ids = missing.map(idOf).toSorted(compareDeviceUserIds);
      const { level, causes, lastCompleteAt } = incident ?? {};
      this.logger.warn({
        msg: 'users are missing from the terminal',
        ...about,
        device_user_ids: ids,
        level,
        last_complete_read_at: lastCompleteAt,
        probable_cause: causes?.[0]?.cause,
      });
    }
    if (returned.length > 0) {
      const ids = returned.map(idOf).toSorted(compareDeviceUserIds);
      this.logger.log({ msg: 'missing users are on the terminal again', ...about, device_user_ids: ids });
    }
  }

  /** A read gave no list: that says something of the terminal, and nothing of its users. */
  async recordFailure(tx: Tx, device: Device, error: AppError, at: Date): Promise<void> {
    const state = await this.takeTurn(tx, device.id);
    await this.health.noteFailure(tx, device, state, error, at);
    if (error.details?.reason === 'lists-differ')
      await tx.update(DeviceWatchState, { deviceId: device.id }, { suspectSince: state.suspectSince ?? at });
  }

  /** Devices that are left in peace for a while after too many failures. */
  async findPaused(at: Date): Promise<ReadonlySet<string>> {
    const rows = await this.dataSource.query<{ device_id: string }[]>(
      'select device_id from device_watch where paused_until > $1',
      [at],
    );
    return new Set(rows.map(({ device_id: id }) => id));
  }

  /** Reads and decisions about one terminal take turns: the row of its watch is theirs until the transaction ends. */
  async takeTurn(tx: Tx, deviceId: string): Promise<DeviceWatchState> {
    await tx.query('insert into device_watch (device_id) values ($1) on conflict do nothing', [deviceId]);
    return tx.findOneOrFail(DeviceWatchState, { where: { deviceId }, lock: { mode: 'pessimistic_write' } });
  }

  private async recordDifference(
    tx: Tx,
    device: Device,
    state: DeviceWatchState,
    confirmed: ConfirmedUserRead,
    context: WatchContext,
  ): Promise<WatchFindings> {
    const { users } = confirmed.read;
    const { seenAt } = context;
    const known = await this.roster.findKnown(tx, device.id);
    const difference = compareReads(known, users);
    const lastCompleteAt = state.lastCompleteAt ?? seenAt;
    const deleted = await this.findDeleted(tx, device.id, state);
    // Whoever is neither deleted nor looked for twice has been enrolled since: the next read decides.
    const missing = difference.departed.filter((user) => !deleted.has(idOf(user)) && confirmed.lacking.has(idOf(user)));
    await this.roster.end(
      tx,
      difference.departed.filter((user) => deleted.has(idOf(user))),
      { as: 'deleted', lastSeenAt: lastCompleteAt, goneAt: seenAt },
    );
    await this.roster.end(tx, missing, { as: 'missing', lastSeenAt: lastCompleteAt, goneAt: seenAt });
    await this.keepPresence(tx, device.id, difference, users, seenAt);
    await this.counts.note(tx, device.id, users.map(idOf), seenAt);
    const { returned, arrived } = difference;
    const recovered = returned.length > 0 ? await this.ledger.recordReturn(tx, device, returned, seenAt) : undefined;
    if (missing.length === 0) return { missing, returned, arrived, incident: recovered };
    const loss = { device, departed: missing, knownUsers: known.length, lastCompleteAt, seenAt };
    const causes = await this.investigation.findCauses(tx, { ...loss, arrived, state, confirmed });
    const kind = isReset(confirmed) ? 'device_reset' : 'disappearance';
    return { missing, returned, arrived, incident: await this.ledger.recordLoss(tx, { ...loss, kind, causes }) };
  }

  private async keepPresence(
    tx: Tx,
    deviceId: string,
    { returned, arrived, changed }: ReadComparison,
    users: readonly DeviceUser[],
    at: Date,
  ): Promise<void> {
    const back = new Map(returned.map((user) => [user.deviceUserId, user]));
    await this.roster.settle(tx, deviceId, [...back.keys()], 'returned');
    const returning = users.filter(({ deviceUserId }) => back.has(deviceUserId));
    await this.roster.begin(tx, deviceId, [...returning, ...arrived], { at, before: back });
    await this.roster.change(tx, changed);
  }

  /** Whom the last complete read showed, and an administrator has deleted since. */
  private async findDeleted(
    tx: Tx,
    deviceId: string,
    state: DeviceWatchState | null,
  ): Promise<ReadonlySet<DeviceUserId>> {
    return this.deletions.findDeletedAfter(deviceId, state?.lastLeaseToken ?? '0', tx);
  }
}

function idOf({ deviceUserId }: { readonly deviceUserId: DeviceUserId }): DeviceUserId {
  return deviceUserId;
}

function traitsText({ deviceUserId, slot, details }: DeviceUser): string {
  return JSON.stringify([deviceUserId, slot, details?.name, details?.cardNumber]);
}

/** Equal digests are equal users, in whatever order the terminal tells them. */
function digestOf(users: readonly DeviceUser[]): string {
  return createHash('sha256').update(users.map(traitsText).toSorted().join('\n')).digest('base64url');
}

function laterOf(a: Date | null, b: Date): Date {
  return a && a > b ? a : b;
}
