import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { AuditDetailRefusedError } from './audit.errors.js';
import { AuditEntry } from './audit-entry.entity.js';
import { type AuditOperation, type NewAuditEntry } from './audit-operation.js';

/** How many entries one statement takes: enough to be quick, few enough to stay small in memory. */
const BATCH = 5_000;
/** Keys under which a secret could slip in; `has_pin` is the flag that stands for one. */
const REFUSED_KEY = /^(pin|password|passwd|comm_?key|token|template|templates|fingerprint|face|photo)$/i;

/** Which entries to read; every part is optional, together they narrow. Both ends of the range are inclusive. */
export interface AuditQuery {
  readonly deviceId?: string;
  readonly deviceUserId?: string;
  readonly operations?: readonly AuditOperation[];
  readonly from?: Date;
  readonly to?: Date;
}

/** Entries, newest first, and where the next page begins. */
export interface AuditPage {
  readonly items: AuditEntry[];
  readonly nextCursor: string | null;
}

/** The append-only log: what happened to whom, when, by whom. */
@Injectable()
export class DeviceUserAuditService {
  constructor(@InjectRepository(AuditEntry) private readonly entries: Repository<AuditEntry>) {}

  /** Writes one entry in the caller's transaction: both are there or neither. @throws {AuditDetailRefusedError} */
  async logOperation(tx: Tx, entry: NewAuditEntry): Promise<void> {
    await this.logOperations(tx, [entry]);
  }

  /** Writes many entries, set by set. @throws {AuditDetailRefusedError} before anything is written */
  async logOperations(tx: Tx, entries: readonly NewAuditEntry[]): Promise<void> {
    for (const { details } of entries) refuseSecrets(details ?? {});
    for (let start = 0; start < entries.length; start += BATCH) {
      const batch = entries.slice(start, start + BATCH);
      await tx.query(
        `insert into device_user_audit_log
                (operation_type, device_id, device_user_id, device_user_name, performed_by, service_name, details)
         select * from unnest($1::text[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::jsonb[])`,
        [
          batch.map(({ operation }) => operation),
          batch.map(({ deviceId }) => deviceId ?? null),
          batch.map(({ deviceUserId }) => deviceUserId ?? null),
          batch.map(({ deviceUserName }) => deviceUserName ?? null),
          batch.map(({ performedBy }) => performedBy.name),
          batch.map(({ serviceName }) => serviceName),
          batch.map(({ details }) => JSON.stringify(details ?? {})),
        ],
      );
    }
  }

  /**
   * A page of the entries that fit, newest first. Entries that are written meanwhile come before the first page, so
   * that none is given twice and none is left out. @throws {BadCursorError}
   */
  async queryLogs(
    query: AuditQuery,
    page: { readonly limit: number; readonly cursor?: string },
    tx: Tx = this.entries.manager,
  ): Promise<AuditPage> {
    const found = tx
      .createQueryBuilder(AuditEntry, 'entry')
      .orderBy('entry.timestamp', 'DESC')
      .addOrderBy('entry.id', 'DESC')
      .take(page.limit + 1);
    const narrow = (condition: string, name: string, value: unknown): void => {
      if (value !== undefined) found.andWhere(condition, { [name]: value });
    };
    narrow('entry.deviceId = :deviceId', 'deviceId', query.deviceId);
    narrow('entry.deviceUserId = :deviceUserId', 'deviceUserId', query.deviceUserId);
    narrow('entry.operation in (:...operations)', 'operations', query.operations);
    narrow('entry.timestamp >= :from', 'from', query.from);
    // The database keeps microseconds and a reader sees milliseconds: an end is inclusive as it is seen.
    narrow(`entry.timestamp < :to::timestamptz + interval '1 ms'`, 'to', query.to);
    if (page.cursor !== undefined) {
      const last = `select "timestamp", id from device_user_audit_log where id = :last`;
      found.andWhere(`(entry.timestamp, entry.id) < (${last})`, { last: decodeCursor(page.cursor) });
    }
    const items = await found.getMany();
    const last = items.length > page.limit ? items[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  /** The history of one device user, newest first. @throws {BadCursorError} */
  async getUserLogs(
    deviceId: string,
    deviceUserId: string,
    page: { readonly limit: number; readonly cursor?: string } = { limit: 200 },
  ): Promise<AuditPage> {
    return this.queryLogs({ deviceId, deviceUserId }, page);
  }
}

function refuseSecrets(details: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(details)) {
    if (REFUSED_KEY.test(key)) throw new AuditDetailRefusedError(key);
    if (typeof value === 'object' && value !== null) refuseSecrets(value as Record<string, unknown>);
  }
}
