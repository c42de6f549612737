import { type Tx } from '@app/database';
import { DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { type Actor } from '@app/kernel';
import { deviceLockKey, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { DeletionBudgetError } from './deletion.errors.js';
import { DEVICE_WRITER_SERVICE } from './device-write.journal.js';

const PER_ADMINISTRATOR_AND_HOUR = 10;
const SHARE_OF_DEVICE_AND_DAY = 0.02;

/** Counts the users of a terminal: its own counter, read under its lease in a session of its own. */
@Injectable()
export class TerminalHeadcount {
  constructor(
    private readonly coordinator: SyncCoordinator,
    private readonly gateway: DeviceGateway,
    private readonly devices: DevicesService,
  ) {}

  /** @throws {LeaseBusyError} @throws {DeviceError} */
  async count(device: Device): Promise<number> {
    return this.coordinator.withLease(deviceLockKey(device.id), { service: DEVICE_WRITER_SERVICE }, async (lease) => {
      const target = await this.devices.targetOf(device);
      await using reader = await this.gateway.openReader(target, { signal: lease.signal });
      return (await reader.readCounters()).users;
    });
  }
}

/**
 * How much may be deleted (safety design 3): ten users per administrator and hour, and 2 % of a device, at least one
 * user, per day. Counted in the database from the journal; a deletion that is not settled or was undone counts, one
 * that was not done does not.
 */
@Injectable()
export class DeletionBudget {
  constructor(
    private readonly dataSource: DataSource,
    private readonly headcount: TerminalHeadcount,
  ) {}

  /**
   * How many users may be deleted from this device a day. The terminal is only asked when one was deleted already.
   * @throws {DeletionBudgetError} the administrator has none left @throws {LeaseBusyError} @throws {DeviceError}
   */
  async allowanceOf(device: Device, actor: Actor): Promise<number> {
    await this.refuseBusyAdministrator(this.dataSource.manager, actor);
    if (!(await this.whenPossible(this.dataSource.manager, 'device', device.id, 1))) return 1;
    return Math.max(1, Math.floor((await this.headcount.count(device)) * SHARE_OF_DEVICE_AND_DAY));
  }

  /**
   * In the transaction that stores the intent: nobody else's deletion comes between counting and storing.
   * @throws {DeletionBudgetError}
   */
  async require(tx: Tx, device: Device, actor: Actor, allowance: number): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock(hashtextextended('holdfast.deletions ' || $1, 0))`, [actor.name]);
    await this.refuseBusyAdministrator(tx, actor);
    const next = await this.whenPossible(tx, 'device', device.id, allowance);
    if (!next) return;
    const allowed = `At most 2 % of the users of a device, here ${allowance}, may be deleted in 24 hours`;
    throw new DeletionBudgetError('device', allowed, next);
  }

  private async refuseBusyAdministrator(tx: Tx, { name }: Actor): Promise<void> {
    const next = await this.whenPossible(tx, 'administrator', name, PER_ADMINISTRATOR_AND_HOUR);
    if (!next) return;
    const allowed = `An administrator may delete at most ${PER_ADMINISTRATOR_AND_HOUR} users in an hour`;
    throw new DeletionBudgetError('administrator', allowed, next);
  }

  /** When one of the last `allowed` deletions leaves the window; undefined: there were fewer in it. */
  private async whenPossible(
    tx: Tx,
    whose: 'administrator' | 'device',
    who: string,
    allowed: number,
  ): Promise<{ possibleAt: Date; retryAfterSeconds: number } | undefined> {
    const [column, window] = whose === 'device' ? ['device_id', '24 hours'] : ['requested_by', '1 hour'];
    const rows = await tx.query<{ possible_at: Date; wait_s: number }[]>(
      `select opened_at + interval '${window}' as possible_at,
              ceil(extract(epoch from opened_at + interval '${window}' - clock_timestamp()))::int as wait_s
         from device_writes
        where kind = 'delete' and state <> 'not_done' and ${column} = $1
          and opened_at > clock_timestamp() - interval '${window}'
        order by opened_at desc offset $2 limit 1`,
      [who, allowed - 1],
    );
    return rows[0] && { possibleAt: rows[0].possible_at, retryAfterSeconds: rows[0].wait_s };
  }
}
