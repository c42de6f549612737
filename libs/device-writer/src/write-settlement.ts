import { type Lease } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { type DeviceWrite } from './device-write.entity.js';
import { DeviceWriteJournal, type Verdict } from './device-write.journal.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { type UserSnapshot } from './user-snapshot.js';
import { WriteConsequences } from './write-consequence.js';

/** What a read found, compared with a write: what was wanted, what was there before, or something else. */
export type Finding = 'after' | 'before' | 'between';

/** Judges a write by what the terminal holds, and ends its row together with everything that follows from it. */
@Injectable()
export class WriteSettlement {
  private readonly logger = new Logger(WriteSettlement.name);

  constructor(
    private readonly journal: DeviceWriteJournal,
    private readonly consequences: WriteConsequences,
    private readonly seal: SnapshotSeal,
  ) {}

  /**
   * Byte for byte. A write that changes nothing is done.
   * @throws {SecretKeyError} this server has another key than the one that stored the intent, and cannot judge
   */
  async compare({ beforeSealed, afterSealed }: DeviceWrite, found: UserSnapshot | undefined): Promise<Finding> {
    if (await this.seal.isSame(found, afterSealed)) return 'after';
    return (await this.seal.isSame(found, beforeSealed)) ? 'before' : 'between';
  }

  /**
   * One fenced transaction: the row, the audit entry and, when it is done, the consequence.
   * @throws {LeaseLostError} and whatever the consequence throws; then the write stays open
   */
  async settle(lease: Lease, write: DeviceWrite, verdict: Verdict): Promise<DeviceWrite> {
    const settled = await lease.transaction(async (tx) => {
      const row = await this.journal.settle(tx, write, verdict);
      if (row?.state === 'done') await this.consequences.get(write.purpose).apply(tx, row);
      return row;
    });
    if (settled) this.tell(settled);
    return settled ?? write;
  }

  private tell(write: DeviceWrite): void {
    const facts = {
      device_id: write.deviceId,
      device_user_id: write.deviceUserId,
      write_id: write.id,
      kind: write.kind,
      purpose: write.purpose,
      requested_by: write.requestedBy,
      settled_how: write.settledHow,
    };
    if (write.state === 'done') this.logger.log({ msg: 'a write to a terminal is done and proven', ...facts });
    else if (write.state === 'not_done')
      this.logger.warn({
        msg: 'a write to a terminal was not done; the user is as before',
        ...facts,
        code: write.errorCode,
      });
    else
      this.logger.error({
        msg: 'a user is neither as before nor as wanted after a write; look at it at the terminal',
        ...facts,
        code: write.errorCode,
      });
  }
}
