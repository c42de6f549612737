import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { type ConflictType, UserConflict } from './conflict.entity.js';
import { type Finding } from './finding.js';
import { type Strategy } from './rules.js';
import { type UserVersion } from './user-version.js';

/** Which conflicts to list; every part is optional, together they narrow. */
export interface ConflictFilter {
  readonly deviceId?: string;
  readonly deviceUserId?: string;
  readonly type?: ConflictType;
  readonly resolved?: boolean;
}

/** Conflicts in the order of their detection, and where the next page begins. */
export interface ConflictPage {
  readonly items: UserConflict[];
  readonly nextCursor: string | null;
}

/** How a conflict ended. */
export interface Ending {
  readonly resolvedBy: string;
  readonly strategy: Strategy | null;
  readonly notes: string | null;
  readonly resolution: UserVersion | null;
}

const BATCH = 5_000;
/** The columns of a finding, one array each. */
const FOUND = `unnest($2::text[], $3::text[], $4::bigint[], $5::text[], $6::jsonb[], $7::jsonb[], $8::jsonb[], $9::jsonb[],
         $10::jsonb[], $11::text[])
    as found (device_user_id, conflict_type, person_id, person_type, device_data, database_data, agreed_data, differing,
              claims, version)`;
const DIFFERING = `array(select jsonb_array_elements_text(found.differing))`;

/** The statements on `user_conflicts`. */
@Injectable()
export class ConflictRepository {
  constructor(@InjectRepository(UserConflict) private readonly conflicts: Repository<UserConflict>) {}

  async find(id: string): Promise<UserConflict | null> {
    return this.conflicts.findOne({ where: { id } });
  }

  /** Holds the record until the transaction ends. */
  async lock(tx: Tx, id: string): Promise<UserConflict | null> {
    return tx.findOne(UserConflict, { where: { id }, lock: { mode: 'pessimistic_write' } });
  }

  /** Lets those who compare on one device take turns, until the transaction ends. */
  async takeTurn(tx: Tx, deviceId: string): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtext('conflict'), hashtext($1))`, [deviceId]);
  }

  /** Notes what both sides will agree on, once the device write that is just beginning is done. */
  async noteResolution(tx: Tx, id: string, resolution: UserVersion): Promise<void> {
    await tx.query('update user_conflicts set resolution = $2 where id = $1', [id, JSON.stringify(resolution)]);
  }

  /** The open records of a device, or of one user of it. */
  async findOpen(tx: Tx, deviceId: string, deviceUserId?: string): Promise<UserConflict[]> {
    const ofUser = deviceUserId === undefined ? {} : { deviceUserId };
    return tx.find(UserConflict, { where: { deviceId, resolved: false, ...ofUser } });
  }

  /** What administrators last settled of this type, by user: the claims that they have seen. */
  async findLastSettled(tx: Tx, deviceId: string, type: ConflictType): Promise<Map<string, UserConflict>> {
    const settled = await tx
      .createQueryBuilder(UserConflict, 'conflict')
      .distinctOn(['conflict.deviceUserId'])
      .where('conflict.deviceId = :deviceId and conflict.conflictType = :type and conflict.resolved', {
        deviceId,
        type,
      })
      .andWhere('conflict.resolutionStrategy is not null')
      .orderBy('conflict.deviceUserId')
      .addOrderBy('conflict.id', 'DESC')
      .getMany();
    return new Map(settled.map((conflict) => [conflict.deviceUserId, conflict]));
  }

  /** Opens records; gives their ids in the order of the findings. */
  async open(
    tx: Tx,
    { deviceId, seenAt, nameLimitBytes }: { deviceId: string; seenAt: Date; nameLimitBytes: number | null },
    findings: readonly Finding[],
  ): Promise<string[]> {
    const ids = new Map<string, string>();
    for (let start = 0; start < findings.length; start += BATCH) {
      const rows = await tx.query<{ id: string; key: string }[]>(
        `insert into user_conflicts (device_id, device_user_id, conflict_type, person_id, person_type, device_data,
                database_data, agreed_data, differing, claims, version, detected_at, name_limit_bytes)
         select $1, device_user_id, conflict_type, person_id, person_type, device_data, database_data, agreed_data,
                ${DIFFERING}, claims, version, $12, $13::integer
           from ${FOUND}
         returning id, conflict_type || ' ' || device_user_id as key`,
        [...parameters(deviceId, findings.slice(start, start + BATCH)), seenAt, nameLimitBytes],
      );
      for (const { id, key } of rows) ids.set(key, id);
    }
    return findings.map(({ type, deviceUserId }) => ids.get(`${type} ${deviceUserId}`) ?? '');
  }

  /** Makes the open records of these users and types say what was found. */
  async update(tx: Tx, deviceId: string, nameLimitBytes: number | null, findings: readonly Finding[]): Promise<void> {
    for (let start = 0; start < findings.length; start += BATCH) {
      await tx.query(
        `update user_conflicts as row
            set person_id = found.person_id, person_type = found.person_type, device_data = found.device_data,
                database_data = found.database_data, agreed_data = found.agreed_data, differing = ${DIFFERING},
                claims = found.claims, version = found.version, name_limit_bytes = $12::integer,
                updated_at = clock_timestamp()
           from ${FOUND}
          where row.device_id = $1 and row.device_user_id = found.device_user_id
            and row.conflict_type = found.conflict_type and not row.resolved`,
        [...parameters(deviceId, findings.slice(start, start + BATCH)), nameLimitBytes],
      );
    }
  }

  /** Ends open records; gives when. */
  async close(tx: Tx, ids: readonly string[], ending: Ending): Promise<Date | undefined> {
    const { resolvedBy, strategy, notes, resolution } = ending;
    const [rows] = await tx.query<[{ resolved_at: Date }[], number]>(
      `update user_conflicts
          set resolved = true, resolved_at = date_trunc('milliseconds', clock_timestamp()), resolved_by = $2, resolution_strategy = $3,
              resolution_notes = $4, resolution = $5, updated_at = clock_timestamp()
        where id = any($1::bigint[]) and not resolved returning resolved_at`,
      [ids, resolvedBy, strategy, notes, resolution && JSON.stringify(resolution)],
    );
    return rows[0]?.resolved_at;
  }

  /** A page in the order of detection. @throws {BadCursorError} */
  async list(
    filter: ConflictFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<ConflictPage> {
    const query = this.conflicts
      .createQueryBuilder('conflict')
      .orderBy('conflict.id', 'ASC')
      .take(page.limit + 1);
    const narrow = (condition: string, name: string, value: unknown): void => {
      if (value !== undefined) query.andWhere(condition, { [name]: value });
    };
    narrow('conflict.id > :after', 'after', page.cursor === undefined ? undefined : decodeCursor(page.cursor));
    narrow('conflict.resolved = :resolved', 'resolved', filter.resolved);
    narrow('conflict.deviceId = :deviceId', 'deviceId', filter.deviceId);
    narrow('conflict.deviceUserId = :deviceUserId', 'deviceUserId', filter.deviceUserId);
    narrow('conflict.conflictType = :type', 'type', filter.type);
    const items = await query.getMany();
    const last = items.length > page.limit ? items[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }
}

function parameters(deviceId: string, findings: readonly Finding[]): unknown[] {
  return [
    deviceId,
    findings.map(({ deviceUserId }) => deviceUserId),
    findings.map(({ type }) => type),
    findings.map(({ personId }) => personId),
    findings.map(({ personType }) => personType),
    findings.map(({ device }) => JSON.stringify(device)),
    findings.map(({ database }) => JSON.stringify(database)),
    findings.map(({ agreed }) => JSON.stringify(agreed)),
    findings.map(({ differing }) => JSON.stringify(differing)),
    findings.map(({ claims }) => JSON.stringify(claims)),
    findings.map(({ version }) => version),
  ];
}
