import { type Device, DevicesService } from '@app/devices';
import { type MappedUser, PersonAttributes } from '@app/people';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type UserConflict } from './conflict.entity.js';
import { ConflictRepository } from './conflict.repository.js';
import { type NameLimit, nameLimitOfConflict, sizeBytes } from './name-limit.js';
import { planResolution, type ResolutionPlan } from './resolution-plan.js';
import { movedSince, settle, STRATEGIES, type Strategy } from './rules.js';
import { type UserVersion } from './user-version.js';

/** What a strategy would do, as far as can be said without asking the device. */
export interface ForeseenResolution {
  readonly strategy: Strategy;
  readonly plan: ResolutionPlan;
  /** What both sides will hold. */
  readonly values: UserVersion;
  readonly warnings: readonly string[];
}

/** A conflict with all that it takes to decide. */
export interface ConflictDetail {
  readonly conflict: UserConflict;
  readonly device: Device;
  /** Undefined: nobody is mapped to the user now. */
  readonly mapped: MappedUser | undefined;
  readonly moved: ReturnType<typeof movedSince>;
  readonly foreseen: readonly ForeseenResolution[];
}

/** Shows a conflict to who has to decide. */
@Injectable()
export class ConflictDetails {
  constructor(
    private readonly dataSource: DataSource,
    private readonly conflicts: ConflictRepository,
    private readonly people: PersonAttributes,
    private readonly devices: DevicesService,
  ) {}

  async of(conflict: UserConflict): Promise<ConflictDetail> {
    const { deviceId, deviceUserId, agreedData, deviceData, databaseData } = conflict;
    const device = await this.devices.get(deviceId);
    const mapped = await this.people.findMappedUser(this.dataSource.manager, deviceId, deviceUserId);
    const limit = nameLimitOfConflict(conflict, device);
    const open = await this.conflicts.findOpen(this.dataSource.manager, deviceId, deviceUserId);
    const isDoubtful = open.some(({ conflictType }) => conflictType === 'id_reused');
    const moved = movedSince(agreedData, deviceData, databaseData, limit);
    const foreseen = conflict.resolved
      ? []
      : STRATEGIES.map((each) => foresee(conflict, mapped, each, limit, isDoubtful));
    return { conflict, device, mapped, moved, foreseen };
  }
}

function foresee(
  conflict: UserConflict,
  mapped: MappedUser | undefined,
  strategy: Strategy,
  limit: NameLimit,
  isDoubtful: boolean,
): ForeseenResolution {
  const plan = planResolution(conflict, mapped?.person, { strategy }, limit);
  const { device: values } = settle(plan.outcomes, conflict.deviceData, conflict.databaseData);
  return { strategy, plan, values, warnings: warningsOf(plan, limit, isDoubtful) };
}

function warningsOf({ change, person }: ResolutionPlan, { bytes, encoding }: NameLimit, isDoubtful: boolean): string[] {
  const size = change.name ? sizeBytes(change.name, encoding) : 0;
  return [
    ...(bytes !== null && size > bytes
      ? [`The name has ${size} bytes and the device holds ${bytes}: it is refused unless shorten_name is set`]
      : []),
    ...(isDoubtful && person.name !== undefined
      ? ['Somebody else seems to be behind this ID; this would rename the person. End the mapping instead if so']
      : []),
    ...(isDoubtful && Object.keys(change).length > 0
      ? ['Somebody else seems to be behind this ID; this would overwrite their record on the device']
      : []),
  ];
}
