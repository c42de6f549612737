import { type Tx } from '@app/database';
import { type DeviceWrite, WriteConsequence, WriteConsequences } from '@app/device-writer';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { RestoreRepository } from './restore.repository.js';

/** Once it is proven that a user is on the terminal, the restore that brought him back says so; also after a crash. */
@Injectable()
export class RestoreConsequence extends WriteConsequence implements OnModuleInit {
  static readonly purpose = 'backup_restore';
  readonly purpose = RestoreConsequence.purpose;

  constructor(
    private readonly consequences: WriteConsequences,
    private readonly restores: RestoreRepository,
  ) {
    super();
  }

  onModuleInit(): void {
    this.consequences.register(this);
  }

  override async apply(tx: Tx, { id, purposeData, deviceUserId }: DeviceWrite): Promise<void> {
    await this.restores.proveItem(tx, String(purposeData.restore_id), deviceUserId, id);
  }
}
