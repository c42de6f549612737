import { isAlarming, type Credential, type LogBatch, type LogRecord } from '@app/aiface-protocol';
import { DeviceUserAuditService, type NewAuditEntry } from '@app/audit';
import { type Tx } from '@app/database';
import { type Device, SecretVault } from '@app/devices';
import { formatWallTime, systemActor } from '@app/kernel';
import { PunchesService } from '@app/punches';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { storable, storableName } from './storable.js';

/** Enough to see what it was; the audit log is no place for pictures. */
const LONGEST_UNREADABLE_TEXT = 500;

/**
 * Keeps what terminals hand over of their own accord. When a call returns, the transaction has been committed: only then
 * may the terminal be told that it can forget. All of it is safe to repeat, since terminals do.
 */
@Injectable()
export class TerminalIntake {
  private readonly logger = new Logger(TerminalIntake.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly punches: PunchesService,
    private readonly audit: DeviceUserAuditService,
    private readonly vault: SecretVault,
  ) {}

  /** Punches wait for the next run, which takes them over; what cannot be read is kept as it is, in the audit log. */
  async keepLog(device: Device, { records, unreadable }: LogBatch): Promise<void> {
    const punches = records.filter((record) => record.kind === 'punch');
    const entries = [
      ...records.flatMap((record) => doorEntry(device, record)),
      ...unreadable.map(unreadableEntry(device)),
    ];
    await this.dataSource.transaction(async (tx) => {
      await this.punches.keepHandedOver(
        tx,
        device.id,
        punches.map(({ enrollId, time, mode, inOut }) => ({
          deviceUserId: enrollId,
          wallTime: time,
          verifyMode: mode,
          state: inOut,
        })),
      );
      if (entries.length > 0) await this.audit.logOperations(tx, entries);
    });
    const about = { device_id: device.id, device: device.name };
    for (const { operation, details } of entries) {
      if (operation === 'terminal_alarm')
        this.logger.warn({ msg: 'a terminal reports an alarm at its door', ...about, ...details });
    }
    if (unreadable.length > 0) {
      const msg = 'log records of a terminal make no sense; they are kept in the audit log';
      this.logger.warn({ msg, ...about, records: unreadable.length });
    }
  }

  /** Templates, pictures, cards and PINs are kept encrypted, every version; the audit log gets none of them. */
  async keepEnrolment(device: Device, fingerprintAlgorithm: string | undefined, credential: Credential): Promise<void> {
    const { enrollId, rawEnrollId, backupNumber, name, admin, record, extra } = credential;
    const text = JSON.stringify(record);
    const [closed, fingerprint] = [await this.vault.close(text), await this.vault.fingerprint(text)];
    const shownName = storableName(name);
    await this.dataSource.transaction(async (tx) => {
      const isNew = await this.insertVersion(tx, [
        device.id,
        enrollId,
        backupNumber,
        rawEnrollId,
        shownName === '' ? null : shownName,
        Math.max(0, Math.min(admin, 32_767)),
        closed,
        fingerprint,
        storable(extra),
        fingerprintAlgorithm === undefined ? null : storableName(fingerprintAlgorithm),
      ]);
      if (!isNew) return;
      await this.audit.logOperation(tx, {
        operation: 'credential_received',
        deviceId: device.id,
        deviceUserId: enrollId,
        deviceUserName: shownName === '' ? null : shownName,
        performedBy: systemActor,
        serviceName: 'dial-in',
        details: { backup_number: backupNumber, bytes: Buffer.byteLength(text) },
      });
    });
  }

  /** True: this version was not known. */
  private async insertVersion(tx: Tx, values: readonly unknown[]): Promise<boolean> {
    const [{ is_new: isNew }] = await tx.query<{ is_new: boolean }[]>(
      `insert into handed_over_credentials (device_id, device_user_id, backup_number, raw_user_id, name, privilege,
              record_encrypted, record_fingerprint, extra, fingerprint_algorithm)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
       on conflict (device_id, device_user_id, backup_number, record_fingerprint) do update
          set last_received_at = clock_timestamp(), name = excluded.name, privilege = excluded.privilege
       returning xmax = 0 as is_new`,
      [...values],
    );
    return isNew;
  }
}

/** Somebody forced the door, or the terminal off its wall; that it was opened and closed is no news. */
function doorEntry(device: Device, record: LogRecord): NewAuditEntry[] {
  if (record.kind !== 'door' || !isAlarming(record.happened)) return [];
  const details = { kind: 'door', happened: record.happened, time: formatWallTime(record.time) };
  return [entryOf('terminal_alarm', device, details)];
}

function unreadableEntry(device: Device): (record: object) => NewAuditEntry {
  return (record) =>
    entryOf('terminal_record_unreadable', device, { record: storable(record, LONGEST_UNREADABLE_TEXT) });
}

function entryOf(operation: NewAuditEntry['operation'], device: Device, details: object): NewAuditEntry {
  return { operation, deviceId: device.id, performedBy: systemActor, serviceName: 'dial-in', details: { ...details } };
}
