import { DeviceUserAuditService } from '@app/audit';
import { type Actor, Clock } from '@app/kernel';
import { Notifications } from '@app/notification';
import { SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackupCatalogue } from '../backup-catalogue.js';
import { BACKUP_SERVICE } from '../backup-run.js';
import { BackupUpkeep } from '../backup-upkeep.js';
import { DeviceBackup } from '../backup.entities.js';
import { BackupInvalidError, BackupNotFoundError } from '../backup.errors.js';
import { BackupFolder } from '../files/backup-folder.js';
import { BackupDrill, type DrillOptions, type DrillReport } from './backup-drill.js';

/** The lock of all drills: each holds an emulated terminal with everybody in memory. */
const DRILL_LOCK = 'backup-drill';
/** A device whose last drill took no longer than this is drilled with every backup, another once a week. */
const QUICK_DRILL_MS = 60_000;
const WEEK_MS = 6.5 * 24 * 60 * 60_000;

/** A drill of one backup. */
export interface DrilledBackup {
  readonly backup: DeviceBackup;
  readonly report: DrillReport;
}

/** Tries backups out, and keeps what came of it: only what was tried with success counts as good. */
@Injectable()
export class BackupDrills {
  private readonly logger = new Logger(BackupDrills.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: BackupCatalogue,
    private readonly folder: BackupFolder,
    private readonly drills: BackupDrill,
    private readonly upkeep: BackupUpkeep,
    private readonly coordinator: SyncCoordinator,
    private readonly notifications: Notifications,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * Tries a backup out while no other is tried out anywhere, and keeps what came of it. A file that is found to be damaged, or
   * not there, is noted and told as such.
   * @throws {LeaseBusyError} another drill is under way
   * @throws {BackupInvalidError} {BackupNotFoundError} {BackupKeyMissingError} {NothingToDrillError} {NoDrillHereError}
   * @throws {AbortedError} nothing is kept
   */
  async drill(backup: DeviceBackup, actor: Actor, options: DrillOptions = {}): Promise<DrilledBackup> {
    const request = { service: BACKUP_SERVICE, signal: options.signal };
    // A drill that outlasts the lease is not spoiled by another one: each has an emulated terminal of its own.
    return this.coordinator.withLease(DRILL_LOCK, request, () => this.drillAlone(backup, actor, options));
  }

  /**
   * The newest backup of each device that should be tried out now: every new one while that is quick, and at least one a
   * week. A device whose newest backup failed its drill waits for the next backup.
   */
  async findDue(): Promise<DeviceBackup[]> {
    const rows = await this.dataSource.query<{ id: string }[]>(
      `select newest.id
         from devices d
         join lateral (select b.* from device_backups b where b.device_id = d.id and b.state = 'valid' and b.encrypted
                        order by b.taken_at desc, b.id desc limit 1) newest on true
         left join lateral (select b.drilled_at, b.drill_ms from device_backups b where b.device_id = d.id and b.drilled_at is not null
                             order by b.drilled_at desc limit 1) last on true
        where d.enabled and newest.drilled_at is null
          and (last.drilled_at is null or last.drill_ms <= $1 or last.drilled_at <= $2)
        order by last.drilled_at nulls first, newest.id`,
      [QUICK_DRILL_MS, new Date(this.clock.now().getTime() - WEEK_MS)],
    );
    return Promise.all(rows.map(({ id }) => this.catalogue.getById(id)));
  }

  private async drillAlone(backup: DeviceBackup, actor: Actor, options: DrillOptions): Promise<DrilledBackup> {
    const begunAtMs = this.clock.monotonicMs();
    const report = await this.tryOut(backup, actor, options);
    const drillMs = Math.round(this.clock.monotonicMs() - begunAtMs);
    const reason = report.good ? null : report.differences.join('; ');
    const drilled: Partial<DeviceBackup> = {
      drilledAt: this.clock.now(),
      drillResult: report.good ? 'good' : 'failed',
      drillReason: reason,
      drillMs,
    };
    await this.dataSource.transaction(async (tx) => {
      await tx.update(DeviceBackup, { id: backup.id }, drilled);
      await this.audit.logOperation(tx, {
        operation: 'backup_drilled',
        deviceId: backup.deviceId,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { backup: backup.filename, result: drilled.drillResult, users: report.users, reason },
      });
      if (!report.good) await this.tellFailed(tx, backup, report);
    });
    this.logger.log({
      msg: report.good ? 'a backup was tried out, and is good' : 'a backup was tried out, and is not good',
      backup: backup.filename,
      device_id: backup.deviceId,
      users: report.users,
      duration_ms: drillMs,
      reason,
    });
    return { backup: { ...backup, ...drilled } as DeviceBackup, report };
  }

  private async tryOut(backup: DeviceBackup, actor: Actor, options: DrillOptions): Promise<DrillReport> {
    try {
      return await this.drills.run(await this.folder.open(backup.filename), options);
    } catch (error) {
      if (error instanceof BackupInvalidError || error instanceof BackupNotFoundError)
        await this.upkeep.verify(backup, actor);
      throw error;
    }
  }

  private async tellFailed(
    tx: Parameters<Notifications['announce']>[0],
    backup: DeviceBackup,
    { differences }: DrillReport,
  ): Promise<void> {
    await this.notifications.announce(tx, {
      topic: 'backup_drill_failed',
      severity: 'critical',
      subject: `backup:${backup.id}`,
      deviceId: backup.deviceId,
      headline: `The backup ${backup.filename} did not bring everybody back as they were`,
      details: differences.slice(0, 5),
      path: `/api/device-users/backups/${backup.filename}`,
    });
  }
}
