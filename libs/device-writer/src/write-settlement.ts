import { type Lease } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { type DeviceWrite } from './device-write.entity.js';
import { DeviceWriteJournal, type Verdict } from './device-write.journal.js';
import { type DeviceWriter } from './device-writer.js';
import { type UserSnapshot } from './user-snapshot.js';
import { WriteConsequences } from './write-consequence.js';
import { type WriteImages } from './write-request.js';

/** What a read found, compared with a write: what was wanted, what was there before, or something else. */
export type Finding = 'after' | 'before' | 'between';

/** Compares as the kind of terminal allows; of a write that changes nothing, it finds that it is done. */
export function compare(
  writer: DeviceWriter,
  { before, after }: WriteImages,
  found: UserSnapshot | undefined,
): Finding {
  const shows = (image: UserSnapshot | undefined): boolean =>
    image && found ? image.bytes.equals(found.bytes) || writer.confirms(image, found) : image === found;
  if (shows(after)) return 'after';
  return shows(before) ? 'before' : 'between';
}

/** Ends the row of a write together with everything that follows from it. */
@Injectable()
export class WriteSettlement {
  private readonly logger = new Logger(WriteSettlement.name);

  constructor(
    private readonly journal: DeviceWriteJournal,
    private readonly consequences: WriteConsequences,
  ) {}

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
