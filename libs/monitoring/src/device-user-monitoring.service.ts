import { type Device, DevicesService } from '@app/devices';
import { type Actor, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { type CountRange, type CountRecord, UserCountHistory } from './history/index.js';
import { DeviceWatchState, IncidentUser } from './monitoring.entities.js';
import { UserPoll } from './user-poll.js';
import { UserPollSchedule } from './user-poll.schedule.js';

/** How many users a terminal had when it last proved it. */
export interface CurrentUserCount {
  /** Null: it has never been read completely. */
  readonly userCount: number | null;
  readonly countedAt: Date | null;
}

/** What a check found. */
export interface MissingUsers {
  /** Missing now, the newly missing included, in no particular order. */
  readonly missing: readonly DeviceUserId[];
  /** Of these, who was there at the read before. */
  readonly newlyMissing: readonly DeviceUserId[];
}

/** Watches that nobody vanishes from the terminals (requirement 9); what it does is told in `DeviceWatch`. */
@Injectable()
export class DeviceUserMonitoringService {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(DeviceWatchState) private readonly states: Repository<DeviceWatchState>,
    private readonly devices: DevicesService,
    private readonly schedule: UserPollSchedule,
    private readonly poll: UserPoll,
    private readonly history: UserCountHistory,
  ) {}

  /** Polls begin; each terminal's first within one interval. Nothing happens when they have begun. */
  startMonitoring(): void {
    this.schedule.start();
  }

  /** No more polls begin in this process; resolves when those under way have ended. Runs are still compared. */
  async stopMonitoring(): Promise<void> {
    this.schedule.stop();
    await this.schedule.idle();
  }

  /** As the last complete read counted them. @throws {DeviceNotFoundError} */
  async getCurrentUserCount(deviceId: string): Promise<CurrentUserCount> {
    const { id } = await this.devices.get(deviceId);
    const state = await this.states.findOneBy({ deviceId: id });
    return { userCount: state?.userCount ?? null, countedAt: state?.lastCompleteAt ?? null };
  }

  /** The set of IDs at each change of it, within a range of time. @throws {DeviceNotFoundError} */
  async getUserCountHistory(deviceId: string, range: CountRange): Promise<readonly CountRecord[]> {
    const { id } = await this.devices.get(deviceId);
    return this.history.find(id, range);
  }

  /**
   * Polls one terminal now.
   * @throws {LeaseBusyError} somebody else works at it @throws {DeviceError} it gave no list, and so nobody is missing
   */
  async checkForMissingUsers(device: Device, options: { actor: Actor; signal?: AbortSignal }): Promise<MissingUsers> {
    const { missing } = await this.poll.execute(device, options);
    const open = await this.dataSource
      .getRepository(IncidentUser)
      .createQueryBuilder('user')
      .innerJoin('incidents', 'incident', `incident.id = user.incident_id and incident.state = 'open'`)
      .where(`incident.device_id = :deviceId and user.state = 'missing'`, { deviceId: device.id })
      .getMany();
    return {
      missing: open.map(({ deviceUserId }) => deviceUserId),
      newlyMissing: missing.map(({ deviceUserId }) => deviceUserId),
    };
  }
}
