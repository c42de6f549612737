import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Brackets, type Repository } from 'typeorm';
import { BufferedUser } from './buffered-user.entity.js';
import { type MappingStatus } from './mapping-status.js';
import { type Sighting, type SightingContext } from './sighting.js';

/** Which rows to list; every part is optional, together they narrow. Range ends are inclusive. */
export interface BufferFilter {
  readonly status?: MappingStatus;
  readonly deviceId?: string;
  /** Those that were put aside, or those that were not. */
  readonly ignored?: boolean;
  readonly discoveredFrom?: Date;
  readonly discoveredTo?: Date;
  readonly lastSeenFrom?: Date;
  readonly lastSeenTo?: Date;
  /** Part of a name, ID or card number, in any case. */
  readonly text?: string;
}

/** Rows in the order of their discovery, and where the next page begins. */
export interface BufferPage {
  readonly items: BufferedUser[];
  readonly nextCursor: string | null;
}

/** The columns of the rows in `unnest`, with their types: one array each. */
const SEEN = `unnest($3::text[], $4::int[], $5::text[], $6::bytea[], $7::text[], $8::int[], $9::int[], $10::text[], $11::bool[], $13::bool[])
  as seen (device_user_id, slot, name, name_bytes, card_number, privilege, group_id, timezone_id, has_pin, told)`;
const DETAILS = ['name', 'name_bytes', 'card_number'];
const ATTRIBUTES = ['slot', ...DETAILS, 'privilege', 'group_id', 'timezone_id', 'has_pin'];
/** The attributes that a row is to have: what was not asked for stays as it is. */
const WANTED = ATTRIBUTES.map((column) => {
  if (column === 'privilege') return 'coalesce(seen.privilege, row.privilege)';
  return DETAILS.includes(column) ? `case when seen.told then seen.${column} else row.${column} end` : `seen.${column}`;
});

const INSERTED = ATTRIBUTES.map((column) => (column === 'privilege' ? 'coalesce(privilege, 0)' : column)).join(', ');

/** The set-based statements on `device_user_buffer`. Each takes a batch of sightings of one device. */
@Injectable()
export class BufferRepository {
  constructor(@InjectRepository(BufferedUser) private readonly rows: Repository<BufferedUser>) {}

  /** Inserts who has no row yet; gives their IDs. A rival that is just inserting the same user is waited for. */
  async insertNew(tx: Tx, context: SightingContext, sightings: readonly Sighting[]): Promise<string[]> {
    const inserted = await tx.query<{ device_user_id: string }[]>(
      `insert into device_user_buffer
              (device_id, device_user_id, ${ATTRIBUTES.join(', ')}, discovered_at, last_seen_at, last_run_id)
       select $1, device_user_id, ${INSERTED}, $2, $2, $12::bigint from ${SEEN}
       on conflict (device_id, device_user_id) do nothing returning device_user_id`,
      this.parameters(context, sightings),
    );
    return inserted.map(({ device_user_id: id }) => id);
  }

  /** Rewrites the attributes of rows that differ, unless a later sighting has been stored; gives how many. */
  async updateChanged(tx: Tx, context: SightingContext, sightings: readonly Sighting[]): Promise<number> {
    const [, updated] = await tx.query<[unknown, number]>(
      `update device_user_buffer as row
          set ${ATTRIBUTES.map((column, i) => `${column} = ${WANTED[i]}`).join(', ')},
              last_seen_at = $2, last_run_id = $12::bigint, updated_at = clock_timestamp()
         from ${SEEN}
        where row.device_id = $1 and row.device_user_id = seen.device_user_id and row.last_seen_at <= $2
          and (${ATTRIBUTES.map((column) => `row.${column}`).join(', ')})
              is distinct from (${WANTED.join(', ')})`,
      this.parameters(context, sightings),
    );
    return updated;
  }

  /** Moves `last_seen_at` of all that were seen, and nothing else: the cheapest write there is (ADR 2). */
  async moveLastSeen(tx: Tx, { deviceId, seenAt }: SightingContext, sightings: readonly Sighting[]): Promise<void> {
    await tx.query(
      `update device_user_buffer set last_seen_at = $2
        where device_id = $1 and device_user_id = any($3::text[]) and last_seen_at < $2`,
      [deviceId, seenAt, sightings.map(({ deviceUserId }) => deviceUserId)],
    );
  }

  /** When the details of each user of a device were last read. */
  async findDetailsRead(deviceId: string): Promise<Map<DeviceUserId, Date>> {
    const rows = await this.rows.query<{ device_user_id: DeviceUserId; read_at: Date }[]>(
      'select device_user_id, read_at from device_user_details_read where device_id = $1',
      [deviceId],
    );
    return new Map(rows.map(({ device_user_id: id, read_at: readAt }) => [id, readAt]));
  }

  async noteDetailsRead(tx: Tx, deviceId: string, ids: readonly string[], readAt: Date): Promise<void> {
    await tx.query(
      `insert into device_user_details_read (device_id, device_user_id, read_at)
       select $1, unnest($2::text[]), $3
       on conflict (device_id, device_user_id) do update set read_at = excluded.read_at`,
      [deviceId, ids, readAt],
    );
  }

  /** Of these users, those that have a row. */
  async findBuffered(tx: Tx, deviceId: string, ids: readonly string[]): Promise<Set<string>> {
    const rows = await tx.query<{ device_user_id: string }[]>(
      'select device_user_id from device_user_buffer where device_id = $1 and device_user_id = any($2::text[])',
      [deviceId, ids],
    );
    return new Set(rows.map(({ device_user_id: id }) => id));
  }

  /** Of these users, those that neither the buffer nor the audit log has met. */
  async findNeverMet(tx: Tx, deviceId: string, ids: readonly string[]): Promise<Set<string>> {
    if (ids.length === 0) return new Set();
    const rows = await tx.query<{ id: string }[]>(
      `select wanted.id from unnest($2::text[]) as wanted (id)
        where not exists (select 1 from device_user_buffer where device_id = $1 and device_user_id = wanted.id)
          and not exists (select 1 from device_user_audit_log where device_id = $1 and device_user_id = wanted.id
                             and operation_type = 'user_discovered')`,
      [deviceId, ids],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Clears what a row tells of a person, and forgets that the details were read; the row stays. */
  async clearPerson(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<void> {
    await tx.query(
      `update device_user_buffer set name = null, name_bytes = null, card_number = null, has_pin = false, notes = null,
              ignored_reason = case when ignored_reason is not null then 'erased' end, updated_at = clock_timestamp()
        where device_id = $1 and device_user_id = $2`,
      [deviceId, deviceUserId],
    );
    await tx.query('delete from device_user_details_read where device_id = $1 and device_user_id = $2', [
      deviceId,
      deviceUserId,
    ]);
  }

  /** Removes what was last seen before `limit`; gives the IDs by device. */
  async removeSeenBefore(tx: Tx, limit: Date): Promise<Map<string, string[]>> {
    const [rows] = await tx.query<[{ device_id: string; device_user_id: string }[], number]>(
      'delete from device_user_buffer where last_seen_at < $1 returning device_id, device_user_id',
      [limit],
    );
    const removed = new Map<string, string[]>();
    for (const { device_id: deviceId, device_user_id: id } of rows) {
      removed.set(deviceId, [...(removed.get(deviceId) ?? []), id]);
    }
    return removed;
  }

  /** A page of rows in the order of their discovery; rows that are added meanwhile come last, none comes twice. */
  async list(filter: BufferFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<BufferPage> {
    const query = this.rows
      .createQueryBuilder('row')
      .orderBy('row.id', 'ASC')
      .take(page.limit + 1);
    const narrow = (condition: string, name: string, value: unknown): void => {
      if (value !== undefined) query.andWhere(condition, { [name]: value });
    };
    narrow('row.id > :after', 'after', page.cursor === undefined ? undefined : decodeCursor(page.cursor));
    narrow('row.mappingStatus = :status', 'status', filter.status);
    narrow('row.deviceId = :deviceId', 'deviceId', filter.deviceId);
    narrow('(row.ignoredAt is not null) = :ignored', 'ignored', filter.ignored);
    narrow('row.discoveredAt >= :discoveredFrom', 'discoveredFrom', filter.discoveredFrom);
    narrow('row.discoveredAt <= :discoveredTo', 'discoveredTo', filter.discoveredTo);
    narrow('row.lastSeenAt >= :lastSeenFrom', 'lastSeenFrom', filter.lastSeenFrom);
    narrow('row.lastSeenAt <= :lastSeenTo', 'lastSeenTo', filter.lastSeenTo);
    if (filter.text !== undefined) {
      const text = `%${filter.text.replace(/[\\%_]/g, String.raw`\$&`)}%`;
      query.andWhere(
        new Brackets((either) =>
          either
            .where('row.name ilike :text', { text })
            .orWhere('row.deviceUserId ilike :text', { text })
            .orWhere('row.cardNumber ilike :text', { text }),
        ),
      );
    }
    const items = await query.getMany();
    const last = items.length > page.limit ? items[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  private parameters({ deviceId, seenAt, runId }: SightingContext, sightings: readonly Sighting[]): unknown[] {
    return [
      deviceId,
      seenAt,
      sightings.map((seen) => seen.deviceUserId),
      sightings.map((seen) => seen.slot),
      sightings.map((seen) => seen.details?.name ?? null),
      sightings.map((seen) => seen.details?.nameBytes ?? null),
      sightings.map((seen) => seen.details?.cardNumber ?? null),
      sightings.map((seen) => seen.privilege ?? null),
      sightings.map((seen) => seen.groupId),
      sightings.map((seen) => seen.timezoneId),
      sightings.map((seen) => seen.hasPin),
      runId ?? null,
      sightings.map((seen) => seen.details !== undefined),
    ];
  }
}
