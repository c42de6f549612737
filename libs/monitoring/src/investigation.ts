import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type DeviceOperation, type DeviceUser } from '@app/device-gateway';
import { WriteHistory } from '@app/device-writer';
import { type Device, DevicesService } from '@app/devices';
import {
  type DisappearanceEvidence,
  type ForeignChange,
  type LoggedOperation,
  rankCauses,
  type RankedCause,
  type TerminalFacts,
  type UserTraits,
} from '@app/incident-causes';
import { formatWallTime, wallTimeToInstant } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type KnownUser, traitsOf } from './compare-reads.js';
import { type ConfirmedUserRead } from './confirmed-read.js';
import { type DeviceWatchState } from './monitoring.entities.js';

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;
/** How far back earlier changes are looked at. */
const PAST_DAYS = 60;
const MOST_AUDIT_ENTRIES = 200;

/** A loss, and what was found at the terminal. */
export interface LossToExplain {
  readonly device: Device;
  readonly departed: readonly KnownUser[];
  readonly knownUsers: number;
  readonly arrived: readonly DeviceUser[];
  readonly lastCompleteAt: Date;
  readonly seenAt: Date;
  readonly state: DeviceWatchState;
  readonly confirmed: ConfirmedUserRead;
}

/** Gathers all that is known around a loss, and has the likely causes ranked. It judges nothing itself. */
@Injectable()
export class Investigation {
  constructor(
    private readonly writes: WriteHistory,
    private readonly devices: DevicesService,
    private readonly audit: DeviceUserAuditService,
  ) {}

  async findCauses(tx: Tx, loss: LossToExplain): Promise<RankedCause[]> {
    return rankCauses(await this.gather(tx, loss));
  }

  private async gather(tx: Tx, loss: LossToExplain): Promise<DisappearanceEvidence> {
    const { device, departed, arrived, lastCompleteAt: after, seenAt: until } = loss;
    const ids = departed.map(({ deviceUserId }) => deviceUserId);
    return {
      lost: departed.map(traitsKnown),
      knownUsers: loss.knownUsers,
      remainingUsers: loss.confirmed.read.users.length - arrived.length,
      period: { after, until },
      arrived: arrived.map((user) => ({ deviceUserId: user.deviceUserId, ...traitsOf(user) })),
      before: await this.factsBefore(tx, loss),
      now: this.factsNow(loss),
      operations: loss.confirmed.scene?.operations?.flatMap((operation) => this.placed(operation, loss)),
      ownWrites: await this.writes.findAbout(tx, device.id, ids, new Date(after.getTime() - HOUR_MS)),
      foreignChanges: await this.findForeignChanges(tx, loss),
      ownSessions: await this.findOwnSessions(tx, loss),
      unreachable: await this.findUnreachable(tx, loss),
    };
  }

  /**
   * By our clock, and only what lies around the period. Entries from before the clock was set carry its earlier drift: one
   * that lies around the period by either is kept, for the ranking to judge.
   */
  private placed(
    { wallTime, operation, operator, parameters }: DeviceOperation,
    loss: LossToExplain,
  ): LoggedOperation[] {
    const shown = wallTimeToInstant(wallTime, this.devices.timeZoneOf(loss.device));
    if (!shown) return [{ at: null, operation, operator, parameters }];
    const before = loss.state.clockDriftSeconds ?? 0;
    const [at, earlier] = [this.driftNow(loss) ?? before, before].map(
      (drift) => new Date(shown.getTime() - drift * 1_000),
    );
    return isAround(at, loss) || isAround(earlier, loss) ? [{ at, operation, operator, parameters }] : [];
  }

  private driftNow({ device, confirmed }: LossToExplain): number | undefined {
    const clock = confirmed.scene?.clock;
    const shown = clock && wallTimeToInstant(clock.wallTime, this.devices.timeZoneOf(device));
    return shown && clock ? Math.round((shown.getTime() - clock.askedAt.getTime()) / 1_000) : undefined;
  }

  private factsNow(loss: LossToExplain): TerminalFacts {
    const { scene, read, identity } = loss.confirmed;
    const { serialNumber, firmware } = identity;
    return {
      serialNumber,
      firmware,
      ...scene?.counters,
      users: read.proof.distinctUsers,
      clockDriftSeconds: this.driftNow(loss),
      clockShows: scene?.clock && formatWallTime(scene.clock.wallTime),
    };
  }

  private async factsBefore(tx: Tx, { device, state }: LossToExplain): Promise<TerminalFacts> {
    const [levels] = await tx.query<(FillLevels | undefined)[]>(
      `select user_capacity, templates, template_capacity, punches, punch_capacity from device_fill_levels
        where device_id = $1 order by day desc limit 1`,
      [device.id],
    );
    return {
      serialNumber: device.serialNumber ?? undefined,
      firmware: state.firmware ?? undefined,
      clockDriftSeconds: state.clockDriftSeconds ?? undefined,
      users: state.userCount ?? undefined,
      userCapacity: levels?.user_capacity ?? undefined,
      templates: levels?.templates ?? undefined,
      templateCapacity: levels?.template_capacity ?? undefined,
      punches: levels?.punches ?? undefined,
      punchCapacity: levels?.punch_capacity ?? undefined,
    };
  }

  /** Users who went before, unless an administrator deleted them here; those of one read belong together. */
  private async findForeignChanges(tx: Tx, { device, seenAt }: LossToExplain): Promise<ForeignChange[]> {
    return tx.query<ForeignChange[]>(
      `select max(last_seen_at) as after, gone_at as until, count(*)::int as departed, 0 as arrived
         from device_user_stays
        where device_id = $1 and gone_at >= $2 and gone_at < $3 and ended_as <> 'deleted'
        group by gone_at order by gone_at`,
      [device.id, new Date(seenAt.getTime() - PAST_DAYS * DAY_MS), seenAt],
    );
  }

  /** From the trail that every lease leaves. */
  private async findOwnSessions(tx: Tx, loss: LossToExplain): Promise<DisappearanceEvidence['ownSessions']> {
    const { device, lastCompleteAt, seenAt } = loss;
    const range = { from: new Date(lastCompleteAt.getTime() - HOUR_MS), to: seenAt };
    const { items } = await this.audit.queryLogs(
      { deviceId: device.id, operations: ['lease_acquired', 'lease_released', 'lease_expired'], ...range },
      { limit: MOST_AUDIT_ENTRIES },
      tx,
    );
    const begun = new Map<string, { from: Date; service: string }>();
    const sessions: { from: Date; until: Date; service: string }[] = [];
    for (const { operation, details, timestamp, serviceName } of items.toReversed()) {
      const token = String(details.fencing_token);
      const begin = begun.get(token);
      if (operation === 'lease_acquired') begun.set(token, { from: timestamp, service: serviceName });
      else if (begin) sessions.push({ ...begin, until: timestamp });
      if (operation !== 'lease_acquired') begun.delete(token);
    }
    return [...sessions, ...[...begun.values()].map((begin) => ({ ...begin, until: seenAt }))];
  }

  private async findUnreachable(tx: Tx, loss: LossToExplain): Promise<DisappearanceEvidence['unreachable']> {
    return tx.query(
      `select observed_from as "from", observed_until as until from device_observations
        where device_id = $1 and outcome = 'unreachable' and observed_until >= $2 and observed_from <= $3
        order by observed_from`,
      [loss.device.id, loss.lastCompleteAt, loss.seenAt],
    );
  }
}

interface FillLevels {
  readonly user_capacity: number | null;
  readonly templates: number | null;
  readonly template_capacity: number | null;
  readonly punches: number | null;
  readonly punch_capacity: number | null;
}

function isAround(at: Date, { lastCompleteAt, seenAt }: LossToExplain): boolean {
  return at.getTime() > lastCompleteAt.getTime() - HOUR_MS && at.getTime() < seenAt.getTime() + HOUR_MS;
}

function traitsKnown({ deviceUserId, slot, name, cardNumber, firstSeenAt }: KnownUser): UserTraits {
  return { deviceUserId, slot, name, cardNumber, firstSeenAt };
}
