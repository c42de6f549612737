import { DeviceUserAuditService } from '@app/audit';
import { type Device, DevicesService } from '@app/devices';
import {
  type CopyProgress,
  DeviceWriteBatches,
  MOST_ORDERS,
  type RestoreOrder,
  type RestoreOutcome,
} from '@app/device-writer';
import { type Actor, Clock, type DeviceUserId } from '@app/kernel';
import { Notifications } from '@app/notification';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { BACKUP_SERVICE, BackupRun } from '../backup-run.js';
import { type Restore, type RestoreItem, type RestoreItemState } from '../backup.entities.js';
import { StalePlanError } from './restore.errors.js';
import { RestoreConsequence } from './restore-consequence.js';
import { RestoreRepository, type RestoreTally } from './restore.repository.js';
import { type OpenedSources, RestoreSources, type SourcedUser } from './restore-sources.js';

/** How often the process says that it is alive. */
const HEARTBEAT_MS = 10_000;
/** Rounds in a row without a single user written, after which the rest is given up. */
const MOST_VAIN_ROUNDS = 5;
const ROUND_PAUSE_MS = 2_000;

/** How far a restore is: the terminal is copied to plan and to be safe, then users are written. */
export type RestoreProgress =
  CopyProgress | { readonly stage: 'safety_backup' | 'writing'; readonly done: number; readonly of: number };

export interface ApplyOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: RestoreProgress) => void;
}

/** A user who is still to be written, with what of the backup is to be written. */
interface Waiting {
  readonly item: RestoreItem;
  readonly order: RestoreOrder;
  readonly algorithm: string | null;
  readonly sameTerminal: boolean;
}

/**
 * Carries out a plan that was stored: a copy of the terminal first, then everybody who is planned, in parts that each take
 * the lease. What it does to each user is what was planned, or nothing. It can be gone on with by any process after any
 * crash: what is proven stands in the database together with the proof.
 */
@Injectable()
export class RestoreRunner {
  private readonly logger = new Logger(RestoreRunner.name);

  constructor(
    private readonly dataSource: DataSource,
    private readonly restores: RestoreRepository,
    private readonly sources: RestoreSources,
    private readonly backups: BackupRun,
    private readonly batches: DeviceWriteBatches,
    private readonly devices: DevicesService,
    private readonly notifications: Notifications,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * From the safety backup to the end. The restore must be `running`.
   * @throws {StalePlanError} the terminal is not as it was planned for; the restore is refused, nothing was written
   * @throws {TerminalTrippedError} the terminal has lost many users, and nobody confirmed; nothing was written
   * @throws {LeaseBusyError} {DeviceError} {AbortedError} and as opening backups; the restore can be gone on with
   */
  async run(restore: Restore, options: ApplyOptions = {}): Promise<RestoreTally> {
    const device = await this.devices.get(restore.deviceId);
    const heartbeat = setInterval(
      () => void this.restores.noteProgress(restore.id).catch(() => undefined),
      HEARTBEAT_MS,
    );
    heartbeat.unref();
    try {
      if (restore.safetyBackupId === null) await this.secure(restore, device, options);
      await this.writeAll(restore, device, options);
      return await this.finish(restore, device);
    } finally {
      clearInterval(heartbeat);
    }
  }

  /** Everything as it is now goes into a backup of its own; and it must be what was planned for. */
  private async secure(restore: Restore, device: Device, { signal, onProgress }: ApplyOptions): Promise<void> {
    onProgress?.({ stage: 'safety_backup', done: 0, of: 1 });
    const actor = actorOf(restore);
    const { backup, copy } = await this.backups.executeKeepingCopy(device, {
      trigger: 'before_restore',
      actor,
      signal,
    });
    await using _copy = copy;
    if (copy.stateHash !== restore.stateHash) {
      await this.refuse(restore, device, 'the terminal was changed after the plan was made');
      throw new StalePlanError(device.name);
    }
    await this.restores.noteSafetyBackup(restore.id, backup.id);
  }

  private async writeAll(restore: Restore, device: Device, options: ApplyOptions): Promise<void> {
    const opened = await this.sources.openById(await this.restores.findBackupIds(restore.id));
    const { byAction } = await this.restores.tally(restore.id);
    const of = byAction.create + byAction.update;
    let vain = 0;
    let waiting: Waiting[] = [];
    const feed = this.plannedUsers(restore, device, opened)[Symbol.asyncIterator]();
    try {
      for (;;) {
        while (waiting.length < MOST_ORDERS) {
          const next = await feed.next();
          if (next.done) break;
          waiting.push(next.value);
        }
        // Somebody may have cancelled it meanwhile.
        if (waiting.length === 0 || !(await this.restores.isRunning(restore.id))) return;
        const { planned } = await this.restores.tally(restore.id);
        options.onProgress?.({ stage: 'writing', done: of - planned, of });
        const left = await this.writeSome(restore, device, waiting, options);
        vain = left.length === waiting.length ? vain + 1 : 0;
        if (vain >= MOST_VAIN_ROUNDS) {
          await this.giveUp(restore, left);
          waiting = [];
          vain = 0;
          continue;
        }
        waiting = left.map(({ waiting: user }) => user);
        if (vain > 0) await this.clock.sleep(ROUND_PAUSE_MS * vain, options.signal);
      }
    } finally {
      await feed.return?.(undefined);
    }
  }

  /** One part. Gives those who were not begun, and why: they are tried again. */
  private async writeSome(
    restore: Restore,
    device: Device,
    waiting: readonly Waiting[],
    { signal }: ApplyOptions,
  ): Promise<readonly { readonly waiting: Waiting; readonly outcome: RestoreOutcome }[]> {
    const [{ sameTerminal, algorithm }] = waiting;
    // Those of one backup together: what is allowed depends on the terminal that it was made of.
    const alike = waiting.filter((each) => each.sameTerminal === sameTerminal && each.algorithm === algorithm);
    const outcomes = await this.batches.restoreSome(
      device,
      {
        actor: actorOf(restore),
        purpose: RestoreConsequence.purpose,
        reason: restore.reason ?? undefined,
        confirmTripped: restore.confirmTripped,
        signal,
        options: { sameTerminal, wantedAlgorithm: algorithm },
      },
      alike.map(({ order }) => order),
    );
    const byUser = new Map(outcomes.map((outcome) => [outcome.deviceUserId, outcome]));
    const again: { waiting: Waiting; outcome: RestoreOutcome }[] = [];
    await this.dataSource.transaction(async (tx) => {
      for (const user of alike) {
        const outcome = byUser.get(user.item.deviceUserId);
        if (!outcome) continue;
        if (isPassing(outcome)) again.push({ waiting: user, outcome });
        else await this.settle(tx, restore, user.item.deviceUserId, outcome);
      }
    });
    const others = waiting.filter((each) => !alike.includes(each));
    const untried: RestoreOutcome = { deviceUserId: '', state: 'not_done' };
    return [...again, ...others.map((user) => ({ waiting: user, outcome: untried }))];
  }

  private async *plannedUsers(restore: Restore, device: Device, opened: OpenedSources): AsyncGenerator<Waiting> {
    const sourced = opened.users()[Symbol.asyncIterator]();
    try {
      let after = 0;
      for (;;) {
        const items = await this.restores.findPlanned(restore.id, after, MOST_ORDERS);
        if (items.length === 0) return;
        for (const item of items) {
          after = item.position;
          const user = await seek(sourced, item);
          const header = user && opened.headers.find(({ digest }) => digest === user.backup.digest);
          if (!user || !header) continue;
          yield {
            item,
            order: {
              snapshot: user.snapshot,
              expected: item.beforeDigest,
              purposeData: { restore_id: restore.id, backup: user.backup.filename },
            },
            algorithm: header.fingerprint_algorithm,
            sameTerminal: header.serial_number === device.serialNumber,
          };
        }
      }
    } finally {
      await sourced.return?.();
    }
  }

  private async giveUp(
    restore: Restore,
    left: readonly { readonly waiting: Waiting; readonly outcome: RestoreOutcome }[],
  ): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      for (const { waiting, outcome } of left) await this.settle(tx, restore, waiting.item.deviceUserId, outcome);
    });
  }

  private async settle(
    tx: Parameters<RestoreRepository['settleItem']>[0],
    restore: Restore,
    deviceUserId: DeviceUserId,
    { state, code, reason, writeId }: RestoreOutcome,
  ): Promise<void> {
    await this.restores.settleItem(tx, restore.id, deviceUserId, { state: ITEM_STATES[state], code, reason, writeId });
  }

  private async finish(restore: Restore, device: Device): Promise<RestoreTally> {
    const tally = await this.dataSource.transaction(async (tx) => {
      const counts = await this.restores.tally(restore.id, tx);
      if (!(await this.restores.finish(tx, restore.id, 'done'))) return counts;
      await this.tell(tx, restore, device, 'restore_finished', { ...countsOf(counts) });
      await this.notifications.announce(tx, {
        topic: 'restore_finished',
        severity: counts.failed > 0 ? 'warning' : 'notice',
        subject: `restore:${restore.id}`,
        deviceId: device.id,
        deviceName: device.name,
        headline: `${counts.done} users were brought back to "${device.name}"${counts.failed > 0 ? `, ${counts.failed} failed` : ''}`,
        details: [`Unchanged: ${counts.unchanged}, refused: ${counts.refused}`, `By ${restore.requestedBy}`],
        path: `/api/device-users/restores/${restore.id}`,
      });
      return counts;
    });
    const about = { restore_id: restore.id, device_id: device.id, device: device.name };
    this.logger.log({ msg: 'a restore is finished', ...about, ...countsOf(tally) });
    return tally;
  }

  private async refuse(restore: Restore, device: Device, why: string): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      await this.restores.finish(tx, restore.id, 'refused', why);
      await this.tell(tx, restore, device, 'restore_refused', { why });
    });
  }

  private async tell(
    tx: Parameters<DeviceUserAuditService['logOperation']>[0],
    restore: Restore,
    device: Device,
    operation: 'restore_finished' | 'restore_refused',
    details: Record<string, unknown>,
  ): Promise<void> {
    await this.audit.logOperation(tx, {
      operation,
      deviceId: device.id,
      performedBy: actorOf(restore),
      serviceName: BACKUP_SERVICE,
      details: { restore_id: restore.id, ...details },
    });
  }
}

/** By these a batch says that it did not come to a user. */
const PASSING_CODES: ReadonlySet<string> = new Set(['device-writer/out-of-time', 'device-writer/changed-meanwhile']);
const ITEM_STATES: Readonly<Record<RestoreOutcome['state'], RestoreItemState>> = {
  done: 'done',
  unchanged: 'unchanged',
  refused: 'refused',
  stale: 'failed',
  not_done: 'failed',
  undetermined: 'failed',
  unsettled: 'failed',
};

/** Nothing is wrong with the user: his turn has not come yet, or what became of him is not known yet. */
function isPassing({ state, code }: RestoreOutcome): boolean {
  return state === 'unsettled' || (state === 'not_done' && code !== undefined && PASSING_CODES.has(code));
}

function actorOf({ requestedRole: kind, requestedBy: name }: Restore): Actor {
  return { kind, name };
}

function countsOf({ done, failed, unchanged, refused }: RestoreTally): Record<string, number> {
  return { restored: done, failed, unchanged, refused };
}

/** Goes on in the file until this user; undefined: the file does not have him. */
async function seek(users: AsyncIterator<SourcedUser>, item: RestoreItem): Promise<SourcedUser | undefined> {
  for (;;) {
    const next = await users.next();
    if (next.done) return undefined;
    if (next.value.deviceUserId === item.deviceUserId && next.value.backup.id === item.backupId) return next.value;
  }
}
