import { type Device, DevicesService } from '@app/devices';
import { type Actor, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type BackupFilter, BackupCatalogue } from './backup-catalogue.js';
import { BackupRun, type BackupRequest } from './backup-run.js';
import { BackupSchedule } from './backup.schedule.js';
import { type DeviceBackup } from './backup.entities.js';
import { type RestorePlan } from './restore/restore-plan.js';
import { type ApplyOptions } from './restore/restore-runner.js';
import { type RestoreReport, Restores } from './restore/restores.service.js';

/** How a backup is to be restored. */
export interface RestoreRequest extends ApplyOptions {
  readonly actor: Actor;
  /** Another terminal than the one that the backup is of. */
  readonly deviceId?: string;
  readonly deviceUserIds?: readonly DeviceUserId[];
  readonly onlyMissing?: boolean;
  readonly reason?: string;
  readonly confirmTripped?: boolean;
  /** Of a dry run: then only that very plan is carried out. */
  readonly stateHash?: string;
}

/** Backup and restore, under the names of the requirements (6). */
@Injectable()
export class BackupRestoreService {
  constructor(
    private readonly backups: BackupRun,
    private readonly catalogue: BackupCatalogue,
    private readonly schedule: BackupSchedule,
    private readonly restores: Restores,
    private readonly devices: DevicesService,
  ) {}

  /** Copies everybody of a terminal with everything into a file. @throws as BackupRun.execute */
  async backupDeviceUsers(device: Device, request: Omit<BackupRequest, 'trigger'>): Promise<DeviceBackup> {
    return this.backups.execute(device, { ...request, trigger: 'request' });
  }

  /** A page of the backups that were made, newest first. @throws {BadCursorError} */
  async listBackups(
    filter: BackupFilter,
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: DeviceBackup[]; nextCursor: string | null }> {
    return this.catalogue.list(filter, page);
  }

  /** What restoring a backup would do, user by user; writes nothing. @throws {BackupNotFoundError} and as Restores.preview */
  async previewRestore(filename: string, request: RestoreRequest): Promise<RestorePlan> {
    return this.restores.preview(await this.planRequestOf(filename, request));
  }

  /** Plans and applies: adds and updates users, and removes nobody. @throws {BackupNotFoundError} and as Restores.apply */
  async restoreFromBackup(filename: string, request: RestoreRequest): Promise<RestoreReport> {
    const { signal, onProgress, stateHash, confirmTripped } = request;
    const plan = await this.planRequestOf(filename, request);
    return this.restores.restoreNow({ ...plan, signal, onProgress, stateHash, confirmTripped });
  }

  /** A plan that is kept, to be looked at and applied. @throws {BackupNotFoundError} and as Restores.plan */
  async planRestore(filename: string, request: RestoreRequest): Promise<RestoreReport> {
    return this.restores.plan(await this.planRequestOf(filename, request));
  }

  /** Backups begin by themselves again in this process. */
  startAutoBackup(): void {
    this.schedule.start();
  }

  /** No backup begins by itself in this process any more; those under way come to their end. */
  stopAutoBackup(): void {
    this.schedule.stop();
  }

  private async planRequestOf(
    filename: string,
    { actor, deviceId, deviceUserIds, onlyMissing, reason, signal }: RestoreRequest,
  ): Promise<Parameters<Restores['plan']>[0]> {
    const backup = await this.catalogue.get(filename);
    const device = await this.devices.get(deviceId ?? backup.deviceId);
    return { device, sources: [{ backup }], deviceUserIds, onlyMissing, reason, actor, signal, origin: 'backup' };
  }
}
