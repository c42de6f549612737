import { type Tx } from '@app/database';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, LessThan, type Repository } from 'typeorm';
import { AuditDetailRefusedError } from './audit.errors.js';
import { AuditEntry } from './audit-entry.entity.js';
import { type AuditOperation, type NewAuditEntry } from './audit-operation.js';

/** How many entries one statement takes: enough to be quick, few enough to stay small in memory. */
const BATCH = 5_000;
/** Keys under which a secret could slip in; `has_pin` is the flag that stands for one. */
const REFUSED_KEY = /^(pin|password|passwd|comm_?key|token|template|templates|fingerprint|face|photo)$/i;

/** Which entries to read; every part is optional, together they narrow. */
export interface AuditQuery {
  readonly deviceId?: string;
  readonly deviceUserId?: string;
  readonly operations?: readonly AuditOperation[];
  /** Entries older than this one's id, for the next page. */
  readonly beforeId?: string;
  readonly limit: number;
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

  /** Entries that fit, newest first. */
  async queryLogs(query: AuditQuery): Promise<AuditEntry[]> {
    const { deviceId, deviceUserId, operations, beforeId, limit } = query;
    return this.entries.find({
      where: {
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(deviceUserId === undefined ? {} : { deviceUserId }),
        ...(operations === undefined ? {} : { operation: In([...operations]) }),
        ...(beforeId === undefined ? {} : { id: LessThan(beforeId) }),
      },
      order: { id: 'DESC' },
      take: limit,
    });
  }

  /** The history of one device user, newest first. */
  async getUserLogs(deviceId: string, deviceUserId: string, limit = 200): Promise<AuditEntry[]> {
    return this.queryLogs({ deviceId, deviceUserId, limit });
  }
}

function refuseSecrets(details: Readonly<Record<string, unknown>>): void {
  for (const [key, value] of Object.entries(details)) {
    if (REFUSED_KEY.test(key)) throw new AuditDetailRefusedError(key);
    if (typeof value === 'object' && value !== null) refuseSecrets(value as Record<string, unknown>);
  }
}
