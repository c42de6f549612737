import { DeviceUserAuditService } from '@app/audit';
import { type Device, DevicesService } from '@app/devices';
import { type Actor, Clock } from '@app/kernel';
import { LOSS_LEVELS } from '@app/monitoring';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { BACKUP_SERVICE } from '../backup-run.js';
import { DeviceGuard } from '../backup.entities.js';

/** How a terminal is guarded. */
export type GuardSettings = Pick<DeviceGuard, 'enabled' | 'highestLevel' | 'usersPerDay'>;

/** An open incident that a guard has to deal with. */
export interface GuardedLoss {
  readonly device: Device;
  readonly guard: DeviceGuard;
  readonly incident: { readonly id: string; readonly level: DeviceGuard['highestLevel']; readonly kind: string };
  readonly missing: number;
  /** Which state of the incident it is; dealt with once. */
  readonly mark: string;
}

const UNGUARDED: GuardSettings = { enabled: false, highestLevel: 'notice', usersPerDay: 10 };
const DAY_MS = 24 * 60 * 60_000;

/** Which terminals may be healed without anybody being asked, and within which bounds. */
@Injectable()
export class DeviceGuards {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(DeviceGuard) private readonly guards: Repository<DeviceGuard>,
    private readonly devices: DevicesService,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** @throws {DeviceNotFoundError} */
  async get(deviceId: string): Promise<GuardSettings> {
    await this.devices.get(deviceId);
    return (await this.guards.findOneBy({ deviceId })) ?? UNGUARDED;
  }

  /** @throws {DeviceNotFoundError} */
  async change(deviceId: string, change: Partial<GuardSettings>, actor: Actor): Promise<GuardSettings> {
    const { enabled, highestLevel, usersPerDay } = { ...(await this.get(deviceId)), ...change };
    const settings = { enabled, highestLevel, usersPerDay };
    await this.dataSource.transaction(async (tx) => {
      const row = { deviceId, ...settings, changedBy: actor.name, changedAt: this.clock.now() };
      await tx.upsert(DeviceGuard, row, ['deviceId']);
      await this.audit.logOperation(tx, {
        operation: 'guard_changed',
        deviceId,
        performedBy: actor,
        serviceName: BACKUP_SERVICE,
        details: { enabled, highest_level: highestLevel, users_per_day: usersPerDay },
      });
    });
    return settings;
  }

  /** Takes the losses that nobody has dealt with yet, for this process; each state of an incident once. */
  async claimLosses(): Promise<GuardedLoss[]> {
    const [rows] = await this.dataSource.query<
      [
        {
          device_id: string;
          mark: string;
          incident_id: string;
          level: GuardedLoss['incident']['level'];
          kind: string;
          missing_users: number;
        }[],
        number,
      ]
    >(
      `update device_guards g set handled = loss.mark
         from (select i.device_id, i.id as incident_id, i.level, i.kind, i.missing_users,
                      i.id || ':' || i.most_missing || ':' || i.reopened || ':' || i.missing_users as mark
                 from incidents i join devices d on d.id = i.device_id and d.enabled
                where i.state = 'open' and i.missing_users > 0) loss
        where g.device_id = loss.device_id and g.enabled and g.handled is distinct from loss.mark
       returning g.device_id, loss.mark, loss.incident_id, loss.level, loss.kind, loss.missing_users`,
    );
    return Promise.all(
      rows.map(async (row) => ({
        device: await this.devices.get(row.device_id),
        guard: await this.guards.findOneByOrFail({ deviceId: row.device_id }),
        incident: { id: row.incident_id, level: row.level, kind: row.kind },
        missing: row.missing_users,
        mark: row.mark,
      })),
    );
  }

  /** It could not be dealt with now; it comes again. */
  async putBack({ guard, mark }: GuardedLoss): Promise<void> {
    await this.guards.update({ deviceId: guard.deviceId, handled: mark }, { handled: null });
  }

  /** Why a loss is left to people; undefined: it may be healed. */
  async objectionTo({ device, guard, incident, missing }: GuardedLoss): Promise<string | undefined> {
    if (incident.kind !== 'disappearance')
      return 'the terminal looks reset or replaced, and somebody should look at it';
    if (LOSS_LEVELS.indexOf(incident.level) > LOSS_LEVELS.indexOf(guard.highestLevel))
      return `its level is ${incident.level}, and the guard is allowed ${guard.highestLevel}`;
    const spent = await this.broughtBackSince(device.id, new Date(this.clock.now().getTime() - DAY_MS));
    if (spent + missing > guard.usersPerDay)
      return `${spent} users were brought back in the last 24 hours, and ${missing} more are over its budget of ${guard.usersPerDay}`;
    return undefined;
  }

  private async broughtBackSince(deviceId: string, since: Date): Promise<number> {
    const rows = await this.dataSource.query<{ users: number }[]>(
      `select count(*)::int as users from restore_items i join restores r on r.id = i.restore_id
        where r.device_id = $1 and r.origin = 'guard' and i.state = 'done' and i.settled_at >= $2`,
      [deviceId, since],
    );
    return rows[0].users;
  }
}
