import { type Tx } from '@app/database';
import { type DeviceWrite, WriteConsequence, WriteConsequences } from '@app/device-writer';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { ErasureLedger } from './erasure.ledger.js';

/** When the absence of an erased user is proven, everything goes that could bring it back: its deletion keeps no user. */
@Injectable()
export class ErasureConsequence extends WriteConsequence implements OnModuleInit {
  static readonly purpose = 'erasure';
  readonly purpose = ErasureConsequence.purpose;

  constructor(
    private readonly ledger: ErasureLedger,
    private readonly consequences: WriteConsequences,
  ) {
    super();
  }

  onModuleInit(): void {
    this.consequences.register(this);
  }

  async apply(tx: Tx, { purposeData }: DeviceWrite): Promise<void> {
    await this.ledger.settle(tx, String(purposeData.erasure_id), 'removed');
  }
}
