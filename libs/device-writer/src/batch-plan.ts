import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DeviceWriteJournal } from './device-write.journal.js';
import { type ForecastOptions, RestoreForecast } from './restore-forecast.js';
import { type RestoreJudgement, type RestoreOrder, type RestoreOutcome } from './restore-judgement.js';
import { SnapshotSeal } from './snapshot-seal.js';
import { type BatchRead, type TerminalMark } from './terminal-mark.js';
import { type UserSnapshot } from './user-snapshot.js';
import { type WriterSession } from './writer-session.js';

/** A user who is to be written. */
export interface PlannedWrite {
  readonly order: RestoreOrder;
  readonly deviceUserId: DeviceUserId;
  readonly kind: 'restore' | 'update';
  /** Undefined: absent. */
  readonly before: UserSnapshot | undefined;
  readonly after: UserSnapshot;
}

/** What is to become of a batch of orders. */
export interface BatchPlan {
  /** The terminal as it was when it was read for this. */
  readonly mark: TerminalMark;
  /** One for each order, in their order: what is to be written, or what became of it already. */
  readonly steps: readonly (PlannedWrite | RestoreOutcome)[];
}

/** Judges orders against what a terminal holds now; sends nothing. */
@Injectable()
export class BatchPlanner {
  constructor(
    private readonly seal: SnapshotSeal,
    private readonly journal: DeviceWriteJournal,
  ) {}

  /**
   * @throws {BadSnapshotError} an order is of another protocol
   * @throws {DeviceError} the terminal could not be read with proof
   */
  async plan(
    deviceId: string,
    session: WriterSession,
    orders: readonly RestoreOrder[],
    options: ForecastOptions,
  ): Promise<BatchPlan> {
    const wanted = await session.use(async (writer) => orders.map(({ snapshot }) => writer.decode(snapshot)));
    const ids = new Set(wanted.map(({ user }) => user.deviceUserId));
    const pending = await this.journal.findPending(deviceId, [...ids]);
    const read = await session.insist((writer) => writer.readForBatch(ids));
    const forecast = RestoreForecast.from(read.facts, read.traits);
    const steps: (PlannedWrite | RestoreOutcome)[] = [];
    for (const [i, order] of orders.entries()) {
      const { deviceUserId } = wanted[i].user;
      const open = pending.get(deviceUserId);
      if (open) steps.push(pendingOutcome(deviceUserId, open.id));
      else if (!ids.delete(deviceUserId))
        steps.push(staleOutcome(deviceUserId)); // a second order for one user
      else steps.push(await this.step(order, wanted[i], { read, forecast, options }));
    }
    return { mark: read.mark, steps };
  }

  private async step(
    order: RestoreOrder,
    wanted: UserSnapshot,
    { read, forecast, options }: { read: BatchRead; forecast: RestoreForecast; options: ForecastOptions },
  ): Promise<PlannedWrite | RestoreOutcome> {
    const { deviceUserId } = wanted.user;
    const before = read.users.get(deviceUserId);
    if ((await this.seal.digest(before)) !== order.expected) return staleOutcome(deviceUserId);
    const judgement: RestoreJudgement = forecast.judge(before, wanted, options);
    if (judgement.action === 'unchanged') return { deviceUserId, state: 'unchanged' };
    if (judgement.action === 'refused') {
      const { code, reason } = judgement;
      return { deviceUserId, state: 'refused', code, reason };
    }
    return { order, deviceUserId, kind: before ? 'update' : 'restore', before, after: judgement.after };
  }
}

function staleOutcome(deviceUserId: DeviceUserId): RestoreOutcome {
  return {
    deviceUserId,
    state: 'stale',
    code: 'device-writer/stale-user',
    reason: `User ${deviceUserId} is not what was expected on the terminal; plan the restore anew`,
  };
}

function pendingOutcome(deviceUserId: DeviceUserId, writeId: string): RestoreOutcome {
  return {
    deviceUserId,
    state: 'unsettled',
    code: 'device-writer/write-pending',
    reason: `It is not known yet what became of write ${writeId} to user ${deviceUserId}; it is settled by reading the terminal`,
    writeId,
  };
}
