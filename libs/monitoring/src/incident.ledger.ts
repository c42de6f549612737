import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { type RankedCause } from '@app/incident-causes';
import { type Actor, compareDeviceUserIds, type DeviceUserId, systemActor } from '@app/kernel';
import { PersonAttributes } from '@app/people';
import { Injectable } from '@nestjs/common';
import { In } from 'typeorm';
import { type KnownUser } from './compare-reads.js';
import { IncidentNotices } from './incident.notices.js';
import { lossLevelOf, worseLevel } from './loss-level.js';
import { Incident, type IncidentKind, IncidentUser, type LossLevel } from './monitoring.entities.js';

/** Users who vanish again within this time of their return belong to the incident that they came back from. */
const FLAPPING_MS = 60 * 60_000;
const ROWS = 2_000;

export const MONITORING_SERVICE = 'deviceUserMonitoring';

/** A loss that two reads agreed on. */
export interface ConfirmedLoss {
  readonly device: Device;
  readonly departed: readonly KnownUser[];
  /** Everybody known to be on the device before, those who were missed already included. */
  readonly knownUsers: number;
  readonly lastCompleteAt: Date;
  readonly seenAt: Date;
  readonly kind: IncidentKind;
  readonly causes: readonly RankedCause[];
}

/** Keeps the incidents: at most one open one for each terminal. Its caller holds the turn of the terminal's watch row. */
@Injectable()
export class IncidentLedger {
  constructor(
    private readonly people: PersonAttributes,
    private readonly notices: IncidentNotices,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /** Opens an incident, or adds to the one that is open, or was until just now. */
  async recordLoss(tx: Tx, loss: ConfirmedLoss): Promise<Incident> {
    const { device, departed, seenAt } = loss;
    const open = await this.findOpen(tx, device.id);
    const again = open ? undefined : await this.findFlapping(tx, loss);
    const incident = open ?? again ?? (await this.open(tx, loss));
    await this.addUsers(tx, incident.id, loss);
    const missing = await tx.countBy(IncidentUser, { incidentId: incident.id, state: 'missing' });
    const knownUsers = Math.max(incident.knownUsers, loss.knownUsers);
    const now: Partial<Incident> = {
      state: 'open',
      closedAt: null,
      closedBy: null,
      closeReason: null,
      kind: loss.kind === 'device_reset' ? loss.kind : incident.kind,
      level: worseLevel(incident.level, lossLevelOf(missing, loss.knownUsers)),
      knownUsers,
      missingUsers: missing,
      mostMissing: Math.max(incident.mostMissing, missing),
      changedAt: seenAt,
      reopened: incident.reopened + (again ? 1 : 0),
      causes: open || again ? mergeCauses(incident.causes, loss.causes) : [...loss.causes],
    };
    await tx.update(Incident, { id: incident.id }, now);
    const current = { ...incident, ...now };
    await this.auditLoss(tx, loss, current);
    const told = { device, incident: current, users: departed, at: seenAt };
    await (open ? this.notices.grown(tx, told) : this.notices.opened(tx, told));
    return current;
  }

  /** Users of the open incident are on the terminal again. */
  async recordReturn(tx: Tx, device: Device, returned: readonly KnownUser[], at: Date): Promise<Incident | undefined> {
    const incident = await this.findOpen(tx, device.id);
    if (!incident) return undefined;
    const ids = returned.map(({ deviceUserId }) => deviceUserId);
    const settled = await this.settleUsers(tx, incident, ids, { as: 'returned', at, by: systemActor, reason: null });
    await this.audit.logOperation(tx, {
      operation: 'users_returned',
      deviceId: device.id,
      performedBy: systemActor,
      serviceName: MONITORING_SERVICE,
      details: { incident_id: incident.id, device_user_ids: ids, still_missing: settled.missingUsers },
    });
    const told = { device, incident: settled, users: returned, at };
    await (settled.state === 'open' ? this.notices.recovering(tx, told) : this.notices.recovered(tx, told));
    return settled;
  }

  /** Devices that have lost more users than anybody may write to, or remove backups of, without a second thought. */
  async findTrippedDevices(tx: Tx): Promise<ReadonlySet<string>> {
    const open = await tx.find(Incident, { where: { state: 'open', level: In(['trip', 'hard_trip']) } });
    return new Set(open.map(({ deviceId }) => deviceId));
  }

  async findOpen(tx: Tx, deviceId: string): Promise<Incident | undefined> {
    return (await tx.findOneBy(Incident, { deviceId, state: 'open' })) ?? undefined;
  }

  /** Settles missing users of an open incident, and closes it when nobody is left. */
  async settleUsers(
    tx: Tx,
    incident: Incident,
    ids: readonly DeviceUserId[],
    how: {
      readonly as: 'returned' | 'deleted' | 'intended' | 'acknowledged';
      readonly at: Date;
      readonly by: Actor;
      readonly reason: string | null;
    },
  ): Promise<Incident> {
    await tx.query(
      `update incident_users set state = $3, settled_at = $4, settled_by = $5, reason = $6
        where incident_id = $1 and device_user_id = any($2::text[]) and state = 'missing'`,
      [incident.id, ids, how.as, how.at, how.by.name, how.reason],
    );
    const missingUsers = await tx.countBy(IncidentUser, { incidentId: incident.id, state: 'missing' });
    const over = missingUsers === 0;
    const closing: Partial<Incident> = over
      ? {
          state: how.as === 'acknowledged' ? 'acknowledged' : 'recovered',
          closedAt: how.at,
          closedBy: how.by.name,
          closeReason: how.reason,
        }
      : {};
    const now = { missingUsers, changedAt: how.at, ...closing };
    await tx.update(Incident, { id: incident.id }, now);
    return { ...incident, ...now };
  }

  /** One that closed itself just now, and that one of these users came back from. */
  private async findFlapping(tx: Tx, { device, departed, seenAt }: ConfirmedLoss): Promise<Incident | undefined> {
    const found = await tx
      .createQueryBuilder(Incident, 'incident')
      .where(`incident.deviceId = :deviceId and incident.state = 'recovered' and incident.closedAt > :since`, {
        deviceId: device.id,
        since: new Date(seenAt.getTime() - FLAPPING_MS),
      })
      .andWhere(
        `exists (select from incident_users u where u.incident_id = incident.id and u.state = 'returned'
                    and u.device_user_id = any(:ids))`,
        { ids: departed.map(({ deviceUserId }) => deviceUserId) },
      )
      .orderBy('incident.id', 'DESC')
      .getOne();
    return found ?? undefined;
  }

  private async open(tx: Tx, loss: ConfirmedLoss): Promise<Incident> {
    const { device, departed, seenAt, lastCompleteAt, knownUsers, kind } = loss;
    const level: LossLevel = lossLevelOf(departed.length, knownUsers);
    const { identifiers } = await tx.insert(Incident, {
      deviceId: device.id,
      kind,
      level,
      knownUsers,
      missingUsers: departed.length,
      mostMissing: departed.length,
      lastCompleteAt,
      openedAt: seenAt,
      changedAt: seenAt,
      causes: [...loss.causes],
    });
    return tx.findOneByOrFail(Incident, { id: String(identifiers[0].id) });
  }

  private async addUsers(
    tx: Tx,
    incidentId: string,
    { device, departed, lastCompleteAt, seenAt }: ConfirmedLoss,
  ): Promise<void> {
    const mapped = await this.people.mappedUsers(tx, device.id);
    const personOf = new Map(mapped.map((user) => [user.deviceUserId, user]));
    for (let start = 0; start < departed.length; start += ROWS) {
      const rows = departed.slice(start, start + ROWS).map(({ deviceUserId, name, cardNumber, slot }) => ({
        incidentId,
        deviceUserId,
        name,
        cardNumber,
        slot,
        personId: personOf.get(deviceUserId)?.personId ?? null,
        personType: personOf.get(deviceUserId)?.personType ?? null,
        lastSeenAt: lastCompleteAt,
        missingSince: seenAt,
        state: 'missing' as const,
        settledAt: null,
        settledBy: null,
        reason: null,
      }));
      await tx.upsert(IncidentUser, rows, ['incidentId', 'deviceUserId']);
    }
  }

  private async auditLoss(tx: Tx, loss: ConfirmedLoss, incident: Incident): Promise<void> {
    await this.audit.logOperation(tx, {
      operation: 'users_missing',
      deviceId: loss.device.id,
      performedBy: systemActor,
      serviceName: MONITORING_SERVICE,
      details: {
        incident_id: incident.id,
        level: incident.level,
        device_user_ids: loss.departed.map(({ deviceUserId }) => deviceUserId).toSorted(compareDeviceUserIds),
        last_complete_read_at: loss.lastCompleteAt.toISOString(),
        causes: loss.causes.map(({ cause, confidence }) => `${cause} (${confidence})`),
      },
    });
  }
}

/** What was found for the first users stays; of one cause, the better shown finding speaks for all that it explains. */
function mergeCauses(before: readonly RankedCause[], found: readonly RankedCause[]): RankedCause[] {
  const merged = new Map<string, RankedCause>();
  for (const cause of [...before, ...found]) {
    const known = merged.get(cause.cause);
    const better = known && known.score >= cause.score ? known : cause;
    const explained = new Set([...(known?.device_user_ids ?? []), ...cause.device_user_ids]);
    const evidence = [...new Set([...(known?.evidence ?? []), ...cause.evidence])];
    merged.set(cause.cause, { ...better, device_user_ids: [...explained], evidence });
  }
  return [...merged.values()].toSorted((a, b) => b.score - a.score);
}
