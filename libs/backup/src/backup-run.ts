import { DeviceUserAuditService } from '@app/audit';
import { type Device } from '@app/devices';
import { type CompleteCopy, type CopyProgress, TerminalCopies } from '@app/device-writer';
import { TerminalReaders } from '@app/dial-in';
import { type Actor, AppError, Clock } from '@app/kernel';
import { Notifications } from '@app/notification';
import { LeaseBusyError } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BackupAgenda } from './backup-agenda.js';
import { BackupBoard } from './backup-board.js';
import { BackupCatalogue } from './backup-catalogue.js';
import { type BackupTrigger, type DeviceBackup } from './backup.entities.js';
import { type WrittenBackup } from './files/backup-source.js';
import { BackupFolder } from './files/backup-folder.js';

export const BACKUP_SERVICE = 'backupRestore';

/** Who wants a backup, and what for. */
export interface BackupRequest {
  readonly trigger: BackupTrigger;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: CopyProgress | { readonly stage: 'writing' }) => void;
}

/** A backup, with the copy that it was made of still at hand. */
export interface BackupWithCopy {
  readonly backup: DeviceBackup;
  readonly copy: CompleteCopy;
}

/**
 * One backup of one terminal: everybody with everything is copied under leases, proven, written, read again, and only then
 * entered in the catalogue. A terminal that was not read completely gives no backup.
 */
@Injectable()
export class BackupRun {
  private readonly logger = new Logger(BackupRun.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly copies: TerminalCopies,
    private readonly readers: TerminalReaders,
    private readonly folder: BackupFolder,
    private readonly catalogue: BackupCatalogue,
    private readonly agenda: BackupAgenda,
    private readonly board: BackupBoard,
    private readonly notifications: Notifications,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * @throws {LeaseBusyError} somebody else works at the terminal
   * @throws {DeviceError} it was not read completely @throws {BackupNotWrittenError} {BackupSetupError}
   */
  async execute(device: Device, request: BackupRequest): Promise<DeviceBackup> {
    const { backup, copy } = await this.executeKeepingCopy(device, request);
    await copy[Symbol.asyncDispose]();
    return backup;
  }

  /** As execute; the caller lets go of the copy. */
  async executeKeepingCopy(device: Device, request: BackupRequest): Promise<BackupWithCopy> {
    const startedAt = this.clock.now();
    using entry = this.board.begin({
      deviceId: device.id,
      deviceName: device.name,
      trigger: request.trigger,
      startedAt,
    });
    const onProgress = (progress: CopyProgress | { readonly stage: 'writing' }): void => {
      entry.progress = progress;
      request.onProgress?.(progress);
    };
    try {
      const copy = await this.copies.copy(device, { service: BACKUP_SERVICE, signal: request.signal, onProgress });
      try {
        onProgress({ stage: 'writing' });
        return { backup: await this.store(device, request, copy, startedAt), copy };
      } catch (error) {
        await copy[Symbol.asyncDispose]();
        throw error;
      }
    } catch (error) {
      await this.noteFailure(device, request, error);
      throw error;
    }
  }

  private async store(
    device: Device,
    request: BackupRequest,
    copy: CompleteCopy,
    startedAt: Date,
  ): Promise<DeviceBackup> {
    const { facts } = copy;
    const written = await this.folder.write(
      {
        header: {
          device: { id: device.id, slug: device.slug, name: device.name },
          protocol: facts.protocol,
          serial_number: facts.identity.serialNumber,
          model: facts.identity.model ?? null,
          firmware: facts.identity.firmware ?? null,
          fingerprint_algorithm: facts.fingerprintAlgorithm,
          lacking: facts.lacking,
        },
        takenAt: facts.readAt,
        users: () => copy.snapshots(),
      },
      { slug: device.slug },
    );
    return this.enter(device, request, written, startedAt);
  }

  private async enter(
    device: Device,
    { trigger, actor }: BackupRequest,
    written: WrittenBackup,
    startedAt: Date,
  ): Promise<DeviceBackup> {
    const { header, filename, takenAt } = written;
    const madeAt = this.clock.now();
    const durationMs = madeAt.getTime() - startedAt.getTime();
    const backup = await this.dataSource.transaction(async (tx) => {
      const entered = await this.catalogue.enter(tx, {
        deviceId: device.id,
        filename,
        takenAt,
        trigger,
        requestedBy: actor.name,
        protocol: header.protocol,
        serialNumber: header.serial_number,
        userCount: header.users,
        credentialCount: header.credentials,
        userIds: [...written.ids],
        encrypted: written.encrypted,
        lacking: [...header.lacking],
        sizeBytes: String(written.sizeBytes),
        digest: header.digest,
        state: 'valid',
        stateReason: null,
        checkedAt: madeAt,
        drilledAt: null,
        drillResult: null,
        drillReason: null,
        drillMs: null,
        durationMs,
      });
      const failed = (await this.agenda.find(device.id))?.failures ?? 0;
      await this.agenda.noteSuccess(tx, device.id, startedAt, madeAt);
      await this.notifications.settle(tx, subjectOf(device));
      if (failed > 0) await this.tellRecovery(tx, device, failed);
      await this.audit.logOperation(tx, {
        operation: 'backup_made',
        deviceId: device.id,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: {
          backup: filename,
          trigger,
          users: header.users,
          credentials: header.credentials,
          encrypted: written.encrypted,
          lacking: header.lacking,
          digest: header.digest,
        },
      });
      return entered;
    });
    this.logger.log({
      msg: 'a terminal was backed up',
      device_id: device.id,
      device: device.name,
      backup: filename,
      users: header.users,
      credentials: header.credentials,
      lacking: header.lacking,
      size_bytes: written.sizeBytes,
      duration_ms: durationMs,
    });
    return backup;
  }

  /** Whoever is just busy, or was told to stop, has not failed; everything else is logged, told and tried again. */
  private async noteFailure(device: Device, { trigger, actor, signal }: BackupRequest, error: unknown): Promise<void> {
    if (error instanceof LeaseBusyError || signal?.aborted) return;
    // Of a terminal that is connected to another server, nothing is known here.
    if (!(await this.readers.isOurs(device))) return;
    const code = error instanceof AppError ? error.code : 'backup/unforeseen';
    const reason = error instanceof Error ? error.message : String(error);
    const about = { device_id: device.id, device: device.name, trigger, code, reason };
    this.logger.warn({ msg: 'a terminal could not be backed up; it is tried again', ...about });
    await this.dataSource.transaction(async (tx) => {
      const at = this.clock.now();
      const failures = await this.agenda.noteFailure(tx, device.id, { code, reason }, at);
      await this.audit.logOperation(tx, {
        operation: 'backup_failed',
        deviceId: device.id,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { trigger, code, reason, failures },
      });
      // Once for a row of failures; it is reminded of until a backup is made.
      if (failures > 1) return;
      const { lastSuccessAt } = (await this.agenda.find(device.id)) ?? {};
      await this.notifications.announce(tx, {
        topic: 'backup_failed',
        severity: 'warning',
        subject: subjectOf(device),
        deviceId: device.id,
        deviceName: device.name,
        headline: `"${device.name}" could not be backed up; it is tried again`,
        details: [`${code}: ${reason}`, `Newest backup: ${lastSuccessAt?.toISOString() ?? 'none'}`],
        since: at,
        repeats: true,
        path: '/api/device-users/backups',
      });
    });
  }

  private async tellRecovery(
    tx: Parameters<Notifications['announce']>[0],
    device: Device,
    failures: number,
  ): Promise<void> {
    await this.notifications.announce(tx, {
      topic: 'backup_recovered',
      severity: 'notice',
      subject: subjectOf(device),
      deviceId: device.id,
      deviceName: device.name,
      headline: `"${device.name}" is backed up again, after ${failures} failed ${failures === 1 ? 'attempt' : 'attempts'}`,
    });
  }
}

/** What notices about the backups of a terminal are about. */
export function subjectOf({ id }: Device): string {
  return `backups:${id}`;
}
