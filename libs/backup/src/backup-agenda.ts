import { type Tx } from '@app/database';
import { Inject, Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackupAgendaEntry } from './backup.entities.js';
import { BACKUP_OPTIONS, type BackupOptions, backupPeriodMs, retryDelayMs } from './backup-options.js';

/** A terminal that is busy, or at another server, is asked again after this time. */
const AGAIN_AFTER_MS = 60_000;
/** A terminal that is new is backed up within this time. */
const ADMISSION_MS = 10 * 60_000;
/** Whoever took a terminal and is not heard of has died; then another server takes it. */
const CLAIM_MS = 30 * 60_000;

/**
 * When each terminal is backed up next. The times stand in the database, so that several servers share the work, and a
 * restart forgets none.
 */
@Injectable()
export class BackupAgenda {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(BACKUP_OPTIONS) private readonly options: BackupOptions,
  ) {}

  /** Terminals that are new get their place, each at its own moment of the next minutes. */
  async admitNew(at: Date): Promise<void> {
    await this.dataSource.query(
      `insert into backup_agenda (device_id, next_due_at)
       select d.id, $1::timestamptz + (abs(hashint8(d.id)::bigint) % $2::bigint) * interval '1 ms' from devices d where d.enabled
       on conflict (device_id) do nothing`,
      [at, ADMISSION_MS],
    );
  }

  /** Takes at most `limit` terminals whose time has come, for this server and for a while; the longest waiting first. */
  async claimDue(at: Date, limit: number, notThese: readonly string[]): Promise<string[]> {
    const [rows] = await this.dataSource.query<[{ device_id: string }[], number]>(
      `update backup_agenda a
          set next_due_at = $1::timestamptz + $2 * interval '1 ms', last_started_at = $1
        where a.device_id in (
          select due.device_id from backup_agenda due join devices d on d.id = due.device_id and d.enabled
           where due.next_due_at <= $1 and due.device_id <> all($4::bigint[])
           order by due.next_due_at limit $3 for update of due skip locked)
        returning a.device_id`,
      [at, CLAIM_MS, limit, notThese],
    );
    return rows.map(({ device_id: id }) => id);
  }

  /** A backup that began at `startedAt` was made, by whomever: the next one is due one period later. */
  async noteSuccess(tx: Tx, deviceId: string, startedAt: Date, madeAt: Date): Promise<void> {
    await tx.query(
      `insert into backup_agenda as a (device_id, next_due_at, last_started_at, last_success_at)
       values ($1, $2::timestamptz + $3 * interval '1 ms', $2, $4)
       on conflict (device_id) do update set failures = 0,
         next_due_at = greatest(a.next_due_at, excluded.next_due_at), last_started_at = greatest(a.last_started_at, $2),
         last_success_at = greatest(a.last_success_at, $4)`,
      [deviceId, startedAt, backupPeriodMs(this.options), madeAt],
    );
  }

  /** An attempt made no backup; it is tried again soon. Gives how many have failed in a row. */
  async noteFailure(tx: Tx, deviceId: string, error: { code: string; reason: string }, at: Date): Promise<number> {
    const rows = await tx.query<{ failures: number }[]>(
      `insert into backup_agenda as a (device_id, next_due_at, failures, last_failure_at, last_failure_code, last_failure_reason)
       values ($1, $2, 1, $2, $3, $4)
       on conflict (device_id) do update set failures = a.failures + 1, last_failure_at = $2, last_failure_code = $3,
         last_failure_reason = $4
       returning failures`,
      [deviceId, at, error.code, error.reason],
    );
    const [{ failures }] = rows;
    await this.makeDueBy(tx, deviceId, new Date(at.getTime() + retryDelayMs(failures)));
    return failures;
  }

  /** The backup could not be begun here and now; it is due again soon. */
  async putBack(deviceId: string, at: Date): Promise<void> {
    await this.makeDueBy(this.dataSource.manager, deviceId, new Date(at.getTime() + AGAIN_AFTER_MS));
  }

  async find(deviceId: string): Promise<BackupAgendaEntry | undefined> {
    return (await this.dataSource.manager.findOneBy(BackupAgendaEntry, { deviceId })) ?? undefined;
  }

  private async makeDueBy(tx: Tx, deviceId: string, by: Date): Promise<void> {
    await tx.query('update backup_agenda set next_due_at = least(next_due_at, $2) where device_id = $1', [
      deviceId,
      by,
    ]);
  }
}
