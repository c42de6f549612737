import { DeviceUserAuditService } from '@app/audit';
import { type Actor, Clock } from '@app/kernel';
import { IncidentLedger } from '@app/monitoring';
import { Notifications } from '@app/notification';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackupCatalogue } from './backup-catalogue.js';
import { type BackupState, type DeviceBackup } from './backup.entities.js';
import { BackupInvalidError, BackupKeyMissingError } from './backup.errors.js';
import { BACKUP_OPTIONS, type BackupOptions } from './backup-options.js';
import { BACKUP_SERVICE } from './backup-run.js';
import { BackupFolder } from './files/backup-folder.js';
import { removable } from './retention.js';

const STALE_TEMPORARY_MS = 60 * 60_000;

/** What a look at a file found. */
export interface Verification {
  readonly backup: DeviceBackup;
  /** `unreadable_here`: it lies there, and this host has no key to look into it. */
  readonly result: BackupState | 'unreadable_here';
  readonly reason: string | null;
}

/** Keeps folder and catalogue true to each other: looks at every file again, and lets go of those whose time is over. */
@Injectable()
export class BackupUpkeep {
  private readonly logger = new Logger(BackupUpkeep.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly catalogue: BackupCatalogue,
    private readonly folder: BackupFolder,
    private readonly incidents: IncidentLedger,
    private readonly notifications: Notifications,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
    @Inject(BACKUP_OPTIONS) private readonly options: BackupOptions,
  ) {}

  /** Reads one file from beginning to end, and keeps what it is found to be. */
  async verify(backup: DeviceBackup, actor: Actor): Promise<Verification> {
    const { result, reason } = await this.lookAt(backup);
    if (result === 'unreadable_here') return { backup, result, reason };
    const at = this.clock.now();
    await this.dataSource.transaction(async (tx) => {
      await this.catalogue.noteState(tx, backup.id, result, reason, at);
      if (result !== 'valid' && backup.state === 'valid') await this.tellInvalid(tx, backup, reason, actor);
    });
    return { backup: { ...backup, state: result, stateReason: reason, checkedAt: at }, result, reason };
  }

  /** Every file that there should be, oldest first. */
  async *verifyAll(actor: Actor, deviceId?: string): AsyncIterable<Verification> {
    for (const backup of await this.catalogue.findKept(deviceId)) yield this.verify(backup, actor);
  }

  /**
   * Removes the files whose time is over; never the newest valid one of a device, the newest of its full size, or anything of
   * a terminal that has lost many users. Left-over temporaries go too. Files that are none of ours are not looked at.
   */
  async removeOld(actor: Actor): Promise<readonly DeviceBackup[]> {
    await this.folder.sweepTemporaries(new Date(this.clock.now().getTime() - STALE_TEMPORARY_MS));
    const kept = await this.catalogue.findKept();
    const trippedDevices = await this.incidents.findTrippedDevices(this.dataSource.manager);
    const { retentionDays } = this.options;
    const old = removable(kept, {
      now: this.clock.now(),
      retentionDays,
      trippedDevices,
      mostUsers: await this.catalogue.findMostUsers(),
    });
    for (const backup of old) await this.remove(backup, actor);
    if (old.length > 0) this.logger.log({ msg: 'backups whose time was over were removed', backups: old.length });
    return old;
  }

  /** The row first: a file without a row is found by a look at the folder, a row without a file would be offered to people. */
  private async remove(backup: DeviceBackup, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await this.catalogue.noteState(tx, backup.id, 'removed', 'its time was over', this.clock.now());
      await this.audit.logOperation(tx, {
        operation: 'backup_removed',
        deviceId: backup.deviceId,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { backup: backup.filename, taken_at: backup.takenAt.toISOString(), users: backup.userCount },
      });
    });
    await this.folder.remove(backup.filename);
  }

  private async lookAt({ filename }: DeviceBackup): Promise<Pick<Verification, 'result' | 'reason'>> {
    if (!(await this.folder.list()).includes(filename)) return { result: 'missing', reason: 'the file is not there' };
    try {
      await this.folder.open(filename);
      return { result: 'valid', reason: null };
    } catch (error) {
      if (error instanceof BackupInvalidError) return { result: 'invalid', reason: error.why };
      if (error instanceof BackupKeyMissingError) return { result: 'unreadable_here', reason: error.message };
      throw error;
    }
  }

  private async tellInvalid(
    tx: Parameters<Notifications['announce']>[0],
    backup: DeviceBackup,
    reason: string | null,
    actor: Actor,
  ): Promise<void> {
    const { filename, deviceId } = backup;
    this.logger.error({ msg: 'a backup is not valid any more', backup: filename, device_id: deviceId, reason });
    await this.audit.logOperation(tx, {
      operation: 'backup_invalid',
      deviceId,
      performedBy: actor,
      serviceName: BACKUP_SERVICE,
      details: { backup: filename, reason },
    });
    await this.notifications.announce(tx, {
      topic: 'backup_invalid',
      severity: 'critical',
      subject: `backup:${backup.id}`,
      deviceId,
      headline: `The backup ${filename} cannot be used any more: ${reason ?? 'unknown'}`,
      details: ['Look at the disk that backups lie on, and make a new one: holdfast backup create'],
      path: '/api/device-users/backups',
    });
  }
}
