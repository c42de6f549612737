import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { administrator, Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Erasure } from './erasure.entity.js';
import { ErasureScrub } from './erasure-scrub.js';

/** The name of this feature in leases and in the audit log. */
export const ERASURE_SERVICE = 'erasure';

/** Ends erasures: each once, whoever comes first. */
@Injectable()
export class ErasureLedger {
  constructor(
    private readonly dataSource: DataSource,
    private readonly scrub: ErasureScrub,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The user is proven not to be on the terminal: takes everything out of the database that could bring it back, in the
   * transaction of the device's lease that was given. Nothing happens to one that is settled.
   * @throws {WritePendingError}
   */
  async settle(tx: Tx, id: string, as: 'removed' | 'absent'): Promise<void> {
    const erasure = await this.take(tx, id);
    if (!erasure) return;
    await this.scrub.scrub(tx, erasure.deviceId, erasure.deviceUserId);
    await tx.update(Erasure, { id }, { liveState: as, liveError: null, settledAt: this.clock.now() });
    await this.tell(tx, erasure, { live_state: as });
  }

  /** The terminal does not do it. Whatever could bring the user back from before stays suppressed. */
  async fail(id: string, code: string): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const erasure = await this.take(tx, id);
      if (!erasure) return;
      await tx.update(Erasure, { id }, { liveState: 'failed', liveError: code, settledAt: this.clock.now() });
      await this.tell(tx, erasure, { live_state: 'failed', code });
    });
  }

  /** It could not be done yet, and is tried again. */
  async note(id: string, code: string): Promise<void> {
    await this.dataSource.manager.update(Erasure, { id, liveState: 'pending' }, { liveError: code });
  }

  private take(tx: Tx, id: string): Promise<Erasure | null> {
    return tx.findOne(Erasure, { where: { id, liveState: 'pending' }, lock: { mode: 'pessimistic_write' } });
  }

  private async tell(tx: Tx, erasure: Erasure, details: Readonly<Record<string, unknown>>): Promise<void> {
    await this.audit.logOperation(tx, {
      operation: 'user_erasure_finished',
      deviceId: erasure.deviceId,
      deviceUserId: erasure.deviceUserId,
      performedBy: administrator(erasure.requestedBy),
      serviceName: ERASURE_SERVICE,
      details: { erasure_id: erasure.id, ...details },
    });
  }
}
