import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Device, DevicesService } from '@app/devices';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, Clock, compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, LessThan, type Repository } from 'typeorm';
import { DeviceRoster } from './device-roster.js';
import { DeviceWatch } from './device-watch.js';
import { IncidentLedger, MONITORING_SERVICE } from './incident.ledger.js';
import { IncidentNotices } from './incident.notices.js';
import { Incident, type IncidentState, IncidentUser } from './monitoring.entities.js';
import { IncidentClosedError, IncidentNotFoundError, NotMissingError } from './monitoring.errors.js';

/** Which incidents to list. */
export interface IncidentFilter {
  readonly deviceId?: string;
  readonly state?: IncidentState;
}

/** An incident with everybody of it, in the order of their IDs. */
export interface IncidentDetail {
  readonly incident: Incident;
  readonly device: Device;
  readonly users: readonly IncidentUser[];
}

/** A decision about users who are missing. */
interface Decision {
  readonly actor: Actor;
  /** Why; stays in the audit log. */
  readonly reason: string;
}

/** Shows incidents, and takes the decisions of administrators about them. */
@Injectable()
export class IncidentsService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Incident) private readonly incidents: Repository<Incident>,
    private readonly devices: DevicesService,
    private readonly watch: DeviceWatch,
    private readonly roster: DeviceRoster,
    private readonly ledger: IncidentLedger,
    private readonly notices: IncidentNotices,
    private readonly audit: DeviceUserAuditService,
    private readonly clock: Clock,
  ) {}

  /** A page of incidents, newest first. @throws {BadCursorError} */
  async list(
    { deviceId, state }: IncidentFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: Incident[]; nextCursor: string | null }> {
    const items = await this.incidents.find({
      where: {
        ...(deviceId === undefined ? {} : { deviceId }),
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { id: LessThan(decodeCursor(cursor)) }),
      },
      order: { id: 'DESC' },
      take: limit + 1,
    });
    const last = items.length > limit ? items[limit - 1] : undefined;
    return { items: items.slice(0, limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  /** @throws {IncidentNotFoundError} */
  async describe(id: string): Promise<IncidentDetail> {
    const incident = await this.get(id);
    const users = await this.dataSource.getRepository(IncidentUser).findBy({ incidentId: id });
    return {
      incident,
      device: await this.devices.get(incident.deviceId),
      users: users.toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId)),
    };
  }

  /**
   * Accepts the whole loss: nobody of the incident is looked for any more, and the terminal is compared with what it
   * holds now.
   * @throws {IncidentNotFoundError} {IncidentClosedError}
   */
  async acknowledge(id: string, decision: Decision): Promise<IncidentDetail> {
    await this.decide(id, decision, 'acknowledged');
    return this.describe(id);
  }

  /**
   * Says of some users that they are gone because somebody wanted it so; the others are still looked for.
   * @throws {IncidentNotFoundError} {IncidentClosedError} @throws {NotMissingError} one of them is not missing
   */
  async markIntended(
    id: string,
    { deviceUserIds, ...decision }: Decision & { readonly deviceUserIds: readonly DeviceUserId[] },
  ): Promise<IncidentDetail> {
    await this.decide(id, decision, 'intended', deviceUserIds);
    return this.describe(id);
  }

  private async get(id: string): Promise<Incident> {
    const incident = await this.incidents.findOneBy({ id });
    if (!incident) throw new IncidentNotFoundError(id);
    return incident;
  }

  /** In turn with the reads of the terminal, of which none sees half a decision. */
  private async decide(
    id: string,
    { actor, reason }: Decision,
    as: 'acknowledged' | 'intended',
    wanted?: readonly DeviceUserId[],
  ): Promise<void> {
    const { deviceId } = await this.get(id);
    const device = await this.devices.get(deviceId);
    await this.dataSource.transaction(async (tx) => {
      await this.watch.takeTurn(tx, deviceId);
      const incident = await tx.findOneByOrFail(Incident, { id });
      if (incident.state !== 'open') throw new IncidentClosedError(incident);
      const users = await this.chosen(tx, id, wanted);
      const ids = users.map(({ deviceUserId }) => deviceUserId);
      const at = this.clock.now();
      await this.roster.settle(tx, deviceId, ids, as);
      const settled = await this.ledger.settleUsers(tx, incident, ids, { as, at, by: actor, reason });
      await this.audit.logOperation(tx, {
        operation: as === 'acknowledged' ? 'incident_acknowledged' : 'users_marked_intended',
        deviceId,
        performedBy: actor,
        serviceName: MONITORING_SERVICE,
        details: { incident_id: id, reason, device_user_ids: ids, still_missing: settled.missingUsers },
      });
      if (settled.state !== 'open') {
        const headline = `Incident ${id} of "${device.name}" was closed by ${actor.name}: ${reason}`;
        await this.notices.closed(tx, { device, incident: settled, users, at }, headline);
      }
    });
  }

  private async chosen(tx: Tx, incidentId: string, wanted?: readonly DeviceUserId[]): Promise<IncidentUser[]> {
    const missing = await tx.findBy(IncidentUser, { incidentId, state: 'missing' });
    if (!wanted) return missing;
    const byId = new Map(missing.map((user) => [user.deviceUserId, user]));
    const strangers = wanted.filter((id) => !byId.has(id));
    if (strangers.length > 0) throw new NotMissingError(incidentId, strangers);
    return [...new Set(wanted)].flatMap((id) => byId.get(id) ?? []);
  }
}
