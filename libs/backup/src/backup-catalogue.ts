import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, LessThan, type Repository } from 'typeorm';
import { BackupNotFoundError } from './backup.errors.js';
import { type BackupState, DeviceBackup } from './backup.entities.js';

/** Which backups to list. */
export interface BackupFilter {
  readonly deviceId?: string;
  readonly state?: BackupState;
}

/** The newest backup that holds a user. */
export interface BackupOfUser {
  readonly backup: DeviceBackup;
  readonly deviceUserIds: readonly DeviceUserId[];
}

/** The backups that were written, by their names. A name from outside is looked up here; a path is never made of it. */
@Injectable()
export class BackupCatalogue {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(DeviceBackup) private readonly backups: Repository<DeviceBackup>,
  ) {}

  /** Enters a backup whose file lies in the folder. */
  async enter(tx: Tx, backup: Omit<DeviceBackup, 'id'>): Promise<DeviceBackup> {
    const { raw } = (await tx
      .createQueryBuilder()
      .insert()
      .into(DeviceBackup)
      .values(backup as object)
      .updateEntity(false)
      .returning('id')
      .execute()) as { raw: { id: string }[] };
    return tx.findOneByOrFail(DeviceBackup, { id: raw[0].id });
  }

  /** A page, newest first. @throws {BadCursorError} */
  async list(
    { deviceId, state }: BackupFilter,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: DeviceBackup[]; nextCursor: string | null }> {
    const items = await this.backups.find({
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

  /** By its name, whatever the state of its file. @throws {BackupNotFoundError} */
  async get(filename: string): Promise<DeviceBackup> {
    // A NUL is no text for PostgreSQL, and no name.
    const found = filename.includes('\u0000') ? null : await this.backups.findOneBy({ filename });
    if (!found) throw new BackupNotFoundError();
    return found;
  }

  /** @throws {BackupNotFoundError} */
  async getById(id: string): Promise<DeviceBackup> {
    const found = await this.backups.findOneBy({ id });
    if (!found) throw new BackupNotFoundError();
    return found;
  }

  /** Every backup of which there should be a file, oldest first. */
  async findKept(deviceId?: string): Promise<DeviceBackup[]> {
    return this.backups
      .createQueryBuilder('backup')
      .where(`backup.state in ('valid', 'invalid')`)
      .andWhere(deviceId === undefined ? 'true' : 'backup.deviceId = :deviceId', { deviceId })
      .orderBy('backup.takenAt')
      .addOrderBy('backup.id')
      .getMany();
  }

  /** The newest valid backup of a device that holds this user and is not older than `since`. */
  async findRecentWith(deviceId: string, id: DeviceUserId, since: Date): Promise<DeviceBackup | undefined> {
    const found = await this.backups
      .createQueryBuilder('backup')
      .where(`backup.deviceId = :deviceId and backup.state = 'valid' and backup.takenAt >= :since`, { deviceId, since })
      .andWhere(':id = any(backup.userIds)', { id })
      .orderBy('backup.takenAt', 'DESC')
      .limit(1)
      .getOne();
    return found ?? undefined;
  }

  /**
   * For each of these users the backup to bring him back from: the newest good one that holds him; where none was drilled,
   * the newest valid one. Grouped by backup, newest first; users whom no backup holds are in no group.
   */
  async findNewestHolding(deviceId: string, ids: readonly DeviceUserId[]): Promise<BackupOfUser[]> {
    const rows = await this.dataSource.query<{ backup_id: string; device_user_id: DeviceUserId }[]>(
      `select distinct on (wanted.id) wanted.id as device_user_id, b.id as backup_id
         from device_backups b, unnest(b.user_ids) as held (id) join unnest($2::text[]) as wanted (id) on wanted.id = held.id
        where b.device_id = $1 and b.state = 'valid' and b.drill_result is distinct from 'failed'
        order by wanted.id, (b.drill_result = 'good') desc nulls last, b.taken_at desc, b.id desc`,
      [deviceId, ids],
    );
    const byBackup = new Map<string, DeviceUserId[]>();
    for (const { backup_id: id, device_user_id: user } of rows) byBackup.set(id, [...(byBackup.get(id) ?? []), user]);
    const backups = await Promise.all([...byBackup.keys()].map((id) => this.getById(id)));
    return backups
      .toSorted((a, b) => b.takenAt.getTime() - a.takenAt.getTime())
      .map((backup) => ({
        backup,
        deviceUserIds: byBackup.get(backup.id)!.toSorted(compareDeviceUserIds),
      }));
  }

  /** The most users that a backup of each device ever had, also one that was removed. */
  async findMostUsers(): Promise<ReadonlyMap<string, number>> {
    const rows = await this.dataSource.query<{ device_id: string; most: number }[]>(
      `select device_id, max(user_count) as most from device_backups where state in ('valid', 'removed') group by device_id`,
    );
    return new Map(rows.map(({ device_id: id, most }) => [id, most]));
  }

  /** What became of its file. */
  async noteState(tx: Tx, id: string, state: BackupState, reason: string | null, at: Date): Promise<void> {
    await tx.update(DeviceBackup, { id }, { state, stateReason: reason, checkedAt: at });
  }
}
