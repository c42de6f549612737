import { type Tx } from '@app/database';
import { AppError } from '@app/kernel';
import { type Lease, LeaseLostError } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { type DeviceWrite } from './device-write.entity.js';
import { DeviceWriteJournal, type Verdict } from './device-write.journal.js';
import { OutcomeUnknownError } from './device-writer.errors.js';
import { type DeviceWriter } from './device-writer.js';
import { type UserSnapshot } from './user-snapshot.js';
import { WriteConsequences } from './write-consequence.js';
import { type WriteImages } from './write-request.js';

/** What a read found, compared with a write: what was wanted, what was there before, or something else. */
export type Finding = 'after' | 'before' | 'between';

/** A write, and what a read says of it. */
export type SettledAs = readonly [write: DeviceWrite, verdict: Verdict];

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

/** Only an unknown outcome, and what nobody foresaw, may have changed something; so may what the terminal says is done. */
export function mayHaveArrived(trouble: unknown): boolean {
  return !(trouble instanceof AppError) || trouble instanceof OutcomeUnknownError;
}

/** What to make of a user that is neither as before nor as wanted: if nothing was sent, somebody else did that. */
export function verdictOf({ finding, trouble }: { readonly finding: Finding; readonly trouble: unknown }): Verdict {
  const how = 'read back';
  if (finding === 'after') return { state: 'done', how };
  const code = trouble instanceof AppError ? trouble.code : undefined;
  if (finding === 'before') return { state: 'not_done', how, errorCode: code ?? 'device-writer/not-done' };
  if (!mayHaveArrived(trouble)) return { state: 'not_done', how, errorCode: code };
  return { state: 'undetermined', how, errorCode: code ?? 'device-writer/undetermined' };
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
    const settled = await lease.transaction((tx) => this.settleWithin(tx, write, verdict));
    if (settled) this.tell(settled);
    return settled ?? write;
  }

  /**
   * As settle, of many in one transaction. Where that fails, each in one of its own, so that one of them keeps no other
   * open.
   * @returns those that are settled now, by their IDs; the others stay open
   * @throws {LeaseLostError}
   */
  async settleAll(lease: Lease, verdicts: readonly SettledAs[]): Promise<ReadonlyMap<string, DeviceWrite>> {
    if (verdicts.length === 0) return new Map();
    let settled: (DeviceWrite | undefined)[] = [];
    try {
      settled = await lease.transaction(async (tx) => {
        const rows: (DeviceWrite | undefined)[] = [];
        for (const [write, verdict] of verdicts) rows.push(await this.settleWithin(tx, write, verdict));
        return rows;
      });
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      for (const [write, verdict] of verdicts) settled.push(await this.settleAlone(lease, write, verdict));
    }
    const known = settled.filter((write) => write !== undefined);
    for (const write of known) this.tell(write);
    return new Map(known.map((write) => [write.id, write]));
  }

  private async settleAlone(lease: Lease, write: DeviceWrite, verdict: Verdict): Promise<DeviceWrite | undefined> {
    try {
      return await lease.transaction((tx) => this.settleWithin(tx, write, verdict));
    } catch (error) {
      if (error instanceof LeaseLostError) throw error;
      this.logger.warn({
        msg: 'a write could not be settled yet; it is tried again',
        write_id: write.id,
        device_id: write.deviceId,
        device_user_id: write.deviceUserId,
        reason: error instanceof Error ? error.message : String(error),
      });
      return undefined;
    }
  }

  private async settleWithin(tx: Tx, write: DeviceWrite, verdict: Verdict): Promise<DeviceWrite | undefined> {
    const row = await this.journal.settle(tx, write, verdict);
    if (row?.state === 'done') await this.consequences.get(write.purpose).apply(tx, row);
    return row;
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
