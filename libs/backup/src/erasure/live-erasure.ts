import {
  DeviceUserAbsentError,
  DeviceWriteService,
  UnknownFirmwareError,
  WriteNotDoneError,
  WriteRefusedError,
  WriteUndeterminedError,
} from '@app/device-writer';
import { type Device, DevicesService } from '@app/devices';
import { administrator, AppError } from '@app/kernel';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Erasure } from './erasure.entity.js';
import { ErasureConsequence } from './erasure-consequence.js';
import { ERASURE_SERVICE, ErasureLedger } from './erasure.ledger.js';

/** Takes erased users off their terminals. */
@Injectable()
export class LiveErasure {
  private readonly logger = new Logger(LiveErasure.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly devices: DevicesService,
    private readonly writes: DeviceWriteService,
    private readonly coordinator: SyncCoordinator,
    private readonly ledger: ErasureLedger,
  ) {}

  /** Every pending erasure, oldest first. One that cannot be done yet stays, and keeps no other waiting. */
  async removeAll(signal?: AbortSignal): Promise<void> {
    const pending = await this.dataSource
      .getRepository(Erasure)
      .find({ where: { liveState: 'pending' }, order: { id: 'ASC' } });
    for (const erasure of pending) {
      if (signal?.aborted) return;
      await this.remove(erasure, signal);
    }
  }

  /** Deletes one user, proves the absence, and takes out of the database what could bring it back; or notes why not. */
  async remove(erasure: Erasure, signal?: AbortSignal): Promise<void> {
    try {
      await this.attempt(erasure, await this.devices.get(erasure.deviceId), signal);
    } catch (error) {
      if (signal?.aborted) return;
      if (!(error instanceof AppError)) throw error;
      await this.conclude(erasure, error);
    }
  }

  private async attempt(erasure: Erasure, device: Device, signal?: AbortSignal): Promise<void> {
    try {
      await this.writes.perform(device, {
        kind: 'delete',
        deviceUserId: erasure.deviceUserId,
        actor: administrator(erasure.requestedBy),
        reason: erasure.reason,
        signal,
        // That others are missing is no reason to keep somebody who is to be forgotten.
        confirmTripped: true,
        purpose: ErasureConsequence.purpose,
        purposeData: { erasure_id: erasure.id },
      });
    } catch (error) {
      if (!(error instanceof DeviceUserAbsentError)) throw error;
      const wanted = { service: ERASURE_SERVICE, signal };
      await this.coordinator.withLease(deviceLockKey(device.id), wanted, (lease) =>
        lease.transaction((tx) => this.ledger.settle(tx, erasure.id, 'absent')),
      );
    }
  }

  private async conclude({ id, deviceId, deviceUserId }: Erasure, error: AppError): Promise<void> {
    const about = {
      erasure_id: id,
      device_id: deviceId,
      device_user_id: deviceUserId,
      code: codeOf(error),
      reason: error.message,
    };
    if (isFinal(error)) {
      await this.ledger.fail(id, codeOf(error));
      this.logger.error({
        msg: 'an erased user is still on the terminal, which does not remove it; look at it there',
        ...about,
      });
      return;
    }
    await this.ledger.note(id, codeOf(error));
    this.logger.warn({ msg: 'an erased user is not known to be off the terminal yet; it is tried again', ...about });
  }
}

/** What the terminal itself said, where one did: that is what somebody can do something about. */
function codeOf(error: AppError): string {
  return error instanceof WriteNotDoneError && error.cause instanceof AppError ? error.cause.code : error.code;
}

/** Whether trying again would come to the same: the terminal was reached, understood, and did not do it. */
function isFinal(error: AppError): boolean {
  const what = error instanceof WriteNotDoneError ? error.cause : error;
  if (what === undefined) return true;
  return [WriteRefusedError, UnknownFirmwareError, WriteUndeterminedError].some((kind) => what instanceof kind);
}
