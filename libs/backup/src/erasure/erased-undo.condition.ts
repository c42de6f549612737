import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { DeletedDeviceUser, WriteCondition, WriteConditions, type WriteRequest } from '@app/device-writer';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ErasedError } from './erasure.errors.js';
import { Suppressions } from './suppressions.js';

/** A deletion of before an erasure is not undone, although its snapshot may still be there while the terminal cannot be reached. */
@Injectable()
export class ErasedUndoCondition extends WriteCondition implements OnModuleInit {
  constructor(
    private readonly suppressions: Suppressions,
    private readonly conditions: WriteConditions,
  ) {
    super();
  }

  onModuleInit(): void {
    this.conditions.register(this);
  }

  async require(tx: Tx, device: Device, { kind, deviceUserId, purposeData }: WriteRequest): Promise<void> {
    const deletionId = purposeData?.deletion_id;
    if (kind !== 'restore' || deletionId === undefined) return;
    const until = (await this.suppressions.suppressed(device.id, tx)).get(deviceUserId);
    if (!until) return;
    const deletion = await tx.findOneBy(DeletedDeviceUser, { id: String(deletionId) });
    if (!deletion?.deletedAt || deletion.deletedAt <= until) throw new ErasedError(deviceUserId);
  }
}
