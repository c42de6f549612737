import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { IsNull } from 'typeorm';
import { DeletedDeviceUser, type DeviceWrite } from './device-write.entity.js';
import { actorOf, DEVICE_WRITER_SERVICE } from './device-write.journal.js';
import { WriteConsequence, WriteConsequences } from './write-consequence.js';
import { type WriteImages } from './write-request.js';

/** A deletion keeps the user, sealed, before it is sent; when the absence is proven, the audit log says who and why. */
@Injectable()
export class DeletionConsequence extends WriteConsequence implements OnModuleInit {
  static readonly purpose = 'deletion';
  readonly purpose = DeletionConsequence.purpose;

  constructor(
    private readonly audit: DeviceUserAuditService,
    private readonly consequences: WriteConsequences,
  ) {
    super();
  }

  onModuleInit(): void {
    this.consequences.register(this);
  }

  override async prepare(tx: Tx, write: DeviceWrite, { before }: WriteImages): Promise<void> {
    await tx.insert(DeletedDeviceUser, {
      deviceId: write.deviceId,
      deviceUserId: write.deviceUserId,
      name: write.deviceUserName,
      slot: before?.user.slot ?? null,
      driver: String(write.purposeData.driver),
      snapshotSealed: write.beforeSealed ?? undefined,
      snapshotDigest: write.beforeDigest ?? undefined,
      deletedBy: write.requestedBy,
      reason: write.reason ?? undefined,
      writeId: write.id,
    });
  }

  async apply(tx: Tx, write: DeviceWrite): Promise<void> {
    const deleted = await tx.findOneByOrFail(DeletedDeviceUser, { writeId: write.id });
    await tx.update(DeletedDeviceUser, { id: deleted.id }, { deletedAt: () => 'clock_timestamp()' });
    await this.audit.logOperation(tx, {
      operation: 'user_deleted',
      deviceId: write.deviceId,
      deviceUserId: write.deviceUserId,
      deviceUserName: write.deviceUserName,
      performedBy: actorOf(write),
      serviceName: DEVICE_WRITER_SERVICE,
      details: { reason: write.reason, deletion_id: deleted.id, write_id: write.id },
    });
  }
}

/** An undone deletion cannot be undone again. */
@Injectable()
export class DeletionUndoConsequence extends WriteConsequence implements OnModuleInit {
  static readonly purpose = 'deletion_undo';
  readonly purpose = DeletionUndoConsequence.purpose;

  constructor(
    private readonly audit: DeviceUserAuditService,
    private readonly consequences: WriteConsequences,
  ) {
    super();
  }

  onModuleInit(): void {
    this.consequences.register(this);
  }

  async apply(tx: Tx, write: DeviceWrite): Promise<void> {
    const id = String(write.purposeData.deletion_id);
    await tx.update(
      DeletedDeviceUser,
      { id, restoredAt: IsNull() },
      { restoredAt: () => 'clock_timestamp()', restoredBy: write.requestedBy, restoreWriteId: write.id },
    );
    await this.audit.logOperation(tx, {
      operation: 'user_deletion_undone',
      deviceId: write.deviceId,
      deviceUserId: write.deviceUserId,
      deviceUserName: write.deviceUserName,
      performedBy: actorOf(write),
      serviceName: DEVICE_WRITER_SERVICE,
      details: { deletion_id: id, write_id: write.id },
    });
  }
}
