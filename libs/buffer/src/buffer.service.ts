import { DeviceUserAuditService, type NewAuditEntry } from '@app/audit';
import { type Tx } from '@app/database';
import { type Actor, type DeviceUserId, type PersonRef, systemActor } from '@app/kernel';
import { PeopleService } from '@app/people';
import { type Lease } from '@app/sync-coordinator';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BufferMappingService } from './buffer-mapping.service.js';
import { BUFFER_OPTIONS, type BufferOptions } from './buffer-options.js';
import { type BufferFilter, type BufferPage, BufferRepository } from './buffer.repository.js';
import { BufferedUserNotFoundError } from './buffer.errors.js';
import { BufferedUser } from './buffered-user.entity.js';
import { type MappingStatus } from './mapping-status.js';
import { type Sighting, type SightingContext, type SightingTotals } from './sighting.js';

/** Sightings per statement: few enough that 50,000 of them stay small in memory. */
const BATCH = 5_000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Rows by status. */
export type BufferStatistics = Readonly<Record<MappingStatus, number>>;

/** Keeps every device user that a terminal has shown and that nobody has mapped, in `device_user_buffer`. */
@Injectable()
export class DeviceUserBufferService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: BufferRepository,
    private readonly people: PeopleService,
    private readonly mapping: BufferMappingService,
    private readonly audit: DeviceUserAuditService,
    @Inject(BUFFER_OPTIONS) private readonly options: BufferOptions,
  ) {}

  /**
   * Stores what one complete read showed, in the caller's transaction: new unmapped users are inserted, changed rows
   * rewritten, `last_seen_at` moved, first meetings audited. Statuses and `discovered_at` never change here, and an
   * older read never overwrites a newer one. Safe to repeat.
   */
  async recordSightings(tx: Tx, context: SightingContext, sightings: readonly Sighting[]): Promise<SightingTotals> {
    const mapped = await this.people.mappedUserIds(tx, context.deviceId);
    const totals = { read: sightings.length, mapped: 0, unmapped: 0, newlyBuffered: 0, alreadyBuffered: 0, updated: 0 };
    for (let start = 0; start < sightings.length; start += BATCH) {
      const batch = sightings.slice(start, start + BATCH);
      const unmapped = batch.filter(({ deviceUserId }) => !mapped.has(deviceUserId));
      const neverMet = await this.findNewMappedUsers(tx, context, batch, mapped);
      // First the inserts: after them, a rival's rows are visible to the updates, and the later sighting wins.
      const inserted = await this.insertUnknown(tx, context, unmapped);
      totals.updated += await this.rows.updateChanged(tx, context, batch);
      await this.rows.moveLastSeen(tx, context, batch);
      await this.auditFirstMeetings(tx, context, batch, inserted, neverMet);
      totals.unmapped += unmapped.length;
      totals.newlyBuffered += inserted.size;
    }
    totals.mapped = totals.read - totals.unmapped;
    totals.alreadyBuffered = totals.unmapped - totals.newlyBuffered;
    return totals;
  }

  /** What recordSightings would count; writes nothing. */
  async previewSightings(tx: Tx, deviceId: string, sightings: readonly Sighting[]): Promise<SightingTotals> {
    const mapped = await this.people.mappedUserIds(tx, deviceId);
    const unmapped = sightings.filter(({ deviceUserId }) => !mapped.has(deviceUserId)).map((seen) => seen.deviceUserId);
    const buffered = await this.rows.findBuffered(tx, deviceId, unmapped);
    return {
      read: sightings.length,
      mapped: sightings.length - unmapped.length,
      unmapped: unmapped.length,
      newlyBuffered: unmapped.length - buffered.size,
      alreadyBuffered: buffered.size,
      updated: 0,
    };
  }

  /** One user's sighting, as recordSightings. */
  async upsertDeviceUser(tx: Tx, context: SightingContext, sighting: Sighting): Promise<SightingTotals> {
    return this.recordSightings(tx, context, [sighting]);
  }

  /** When the details of each user were last read, of terminals that tell them one user at a time. */
  async findDetailsRead(deviceId: string): Promise<ReadonlyMap<DeviceUserId, Date>> {
    return this.rows.findDetailsRead(deviceId);
  }

  /** Notes whose details were read, in the run's fenced transaction that stores them. */
  async noteDetailsRead(tx: Tx, { deviceId, seenAt }: SightingContext, ids: readonly DeviceUserId[]): Promise<void> {
    if (ids.length > 0) await this.rows.noteDetailsRead(tx, deviceId, ids, seenAt);
  }

  /**
   * Takes name, card and notes out of the row of a user who was erased, in the fenced transaction that proves it. The row itself
   * stays its 90 days (2.5): it tells that there was such an ID, and no more.
   */
  async forgetPerson(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<void> {
    await this.rows.clearPerson(tx, deviceId, deviceUserId);
  }

  /** Says who a buffered user is, as BufferMappingService.map. */
  async markAsMapped(id: string, person: PersonRef, actor: Actor): Promise<boolean> {
    return this.mapping.map(id, person, actor);
  }

  /** One row. @throws {BufferedUserNotFoundError} */
  async get(id: string): Promise<BufferedUser> {
    const row = await this.dataSource.getRepository(BufferedUser).findOneBy({ id });
    if (!row) throw new BufferedUserNotFoundError(id);
    return row;
  }

  /** A page of rows, in the order of their discovery. @throws {BadCursorError} */
  async listBuffer(
    filter: BufferFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<BufferPage> {
    return this.rows.list(filter, page);
  }

  /** A page of the users that wait for a mapping; those that were put aside do not. @throws {BadCursorError} */
  async getUnmappedUsers(
    page: { readonly limit: number; readonly cursor?: string },
    deviceId?: string,
  ): Promise<BufferPage> {
    return this.rows.list({ status: 'unmapped', ignored: false, deviceId }, page);
  }

  /** How many rows there are by status, of one device or of all. */
  async getStatistics(deviceId?: string): Promise<BufferStatistics> {
    const counted = await this.dataSource.query<{ status: MappingStatus; count: string }[]>(
      `select mapping_status as status, count(*) from device_user_buffer
        where $1::bigint is null or device_id = $1 group by mapping_status`,
      [deviceId ?? null],
    );
    const statistics: Record<MappingStatus, number> = { unmapped: 0, mapped: 0, conflict: 0 };
    for (const { status, count } of counted) statistics[status] = Number(count);
    return statistics;
  }

  /**
   * Removes rows whose last sighting is older than the retention at `now`, and audits whom; gives how many.
   * @throws {LeaseLostError}
   */
  async removeExpired(lease: Lease, now: Date): Promise<number> {
    const limit = new Date(now.getTime() - this.options.retentionDays * DAY_MS);
    return lease.transaction(async (tx) => {
      const removed = await this.rows.removeSeenBefore(tx, limit);
      const entries = [...removed].map(([deviceId, ids]) => ({
        operation: 'buffer_retention' as const,
        deviceId,
        performedBy: systemActor,
        serviceName: 'buffer',
        details: { removed: ids.length, last_seen_before: limit.toISOString(), device_user_ids: ids },
      }));
      await this.audit.logOperations(tx, entries);
      return [...removed.values()].reduce((sum, ids) => sum + ids.length, 0);
    });
  }

  /** Looks before it inserts: on most days nobody is new, and an insert that conflicts is not free. */
  private async insertUnknown(tx: Tx, context: SightingContext, unmapped: readonly Sighting[]): Promise<Set<string>> {
    const ids = unmapped.map(({ deviceUserId }) => deviceUserId);
    const known = await this.rows.findBuffered(tx, context.deviceId, ids);
    const unknown = unmapped.filter(({ deviceUserId }) => !known.has(deviceUserId));
    return new Set(unknown.length === 0 ? [] : await this.rows.insertNew(tx, context, unknown));
  }

  /** A mapped user has no row of its own, so that the audit log is what remembers a first meeting. */
  private async findNewMappedUsers(
    tx: Tx,
    context: SightingContext,
    batch: readonly Sighting[],
    mapped: ReadonlySet<string>,
  ): Promise<Set<string>> {
    const ids = batch.map(({ deviceUserId }) => deviceUserId).filter((id) => mapped.has(id));
    return this.rows.findNeverMet(tx, context.deviceId, ids);
  }

  private async auditFirstMeetings(
    tx: Tx,
    context: SightingContext,
    batch: readonly Sighting[],
    inserted: ReadonlySet<string>,
    newMapped: ReadonlySet<string>,
  ): Promise<void> {
    const entries = batch.flatMap((sighting) => {
      if (inserted.has(sighting.deviceUserId)) {
        return [auditEntry('user_discovered', context, sighting), auditEntry('user_buffered', context, sighting)];
      }
      return newMapped.has(sighting.deviceUserId) ? [auditEntry('user_discovered', context, sighting)] : [];
    });
    await this.audit.logOperations(tx, entries);
  }
}

/** The entry of one user; that of the buffering tells the attributes too (requirement 5.2). */
function auditEntry(
  operation: 'user_discovered' | 'user_buffered',
  { deviceId, runId, seenAt, service, performedBy }: SightingContext,
  seen: Sighting,
): NewAuditEntry {
  const origin = { sync_run_id: runId ?? null, seen_at: seenAt.toISOString() };
  const attributes = {
    slot: seen.slot,
    card_number: seen.details?.cardNumber ?? null,
    privilege: seen.privilege ?? null,
    group_id: seen.groupId,
    timezone_id: seen.timezoneId,
    has_pin: seen.hasPin,
  };
  return {
    operation,
    deviceId,
    deviceUserId: seen.deviceUserId,
    deviceUserName: seen.details?.name ?? null,
    performedBy,
    serviceName: service,
    details: operation === 'user_buffered' ? { ...origin, ...attributes } : origin,
  };
}
