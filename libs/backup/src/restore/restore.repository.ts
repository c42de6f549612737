import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, Clock, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, In, LessThan, MoreThan, type Repository } from 'typeorm';
import {
  Restore,
  type RestoreAction,
  RestoreItem,
  type RestoreItemState,
  type RestoreState,
} from '../backup.entities.js';
import { RestoreNotFoundError } from './restore.errors.js';
import { type PlannedUser, type RestorePlan } from './restore-plan.js';

const ROWS = 2_000;

/** How many users of a restore are at what, by action and state. */
export type RestoreTally = Readonly<Record<RestoreItemState, number>> & {
  readonly byAction: Readonly<Record<RestoreAction, number>>;
  readonly credentialsAdded: number;
  readonly credentialsReplaced: number;
};

/** The statements on `restores` and `restore_items`. */
@Injectable()
export class RestoreRepository {
  constructor(
    private readonly dataSource: DataSource,
    @InjectRepository(Restore) private readonly restores: Repository<Restore>,
    @InjectRepository(RestoreItem) private readonly items: Repository<RestoreItem>,
    private readonly clock: Clock,
  ) {}

  /** Stores a plan. */
  async store(
    tx: Tx,
    plan: RestorePlan,
    about: Pick<Restore, 'origin' | 'incidentId' | 'reason' | 'confirmTripped'> & { readonly actor: Actor },
  ): Promise<Restore> {
    const { actor, ...rest } = about;
    const { raw } = (await tx
      .createQueryBuilder()
      .insert()
      .into(Restore)
      .values({
        ...rest,
        deviceId: plan.device.id,
        stateHash: plan.stateHash,
        requestedBy: actor.name,
        requestedRole: actor.kind,
        createdAt: this.clock.now(),
      })
      .updateEntity(false)
      .returning('id')
      .execute()) as { raw: { id: string }[] };
    const [{ id }] = raw;
    for (let start = 0; start < plan.users.length; start += ROWS)
      await this.storeItems(tx, id, plan.users.slice(start, start + ROWS), start);
    return tx.findOneByOrFail(Restore, { id });
  }

  /** @throws {RestoreNotFoundError} */
  async get(id: string): Promise<Restore> {
    const found = await this.restores.findOneBy({ id });
    if (!found) throw new RestoreNotFoundError(id);
    return found;
  }

  /** A page, newest first. @throws {BadCursorError} */
  async list(
    { deviceId, state }: { readonly deviceId?: string; readonly state?: RestoreState },
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: Restore[]; nextCursor: string | null }> {
    const items = await this.restores.find({
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

  /** A page of the users of a restore, in the order of IDs. @throws {BadCursorError} */
  async listItems(
    restoreId: string,
    state: RestoreItemState | undefined,
    { limit, cursor }: { readonly limit: number; readonly cursor?: string },
  ): Promise<{ items: RestoreItem[]; nextCursor: string | null }> {
    const items = await this.items.find({
      where: {
        restoreId,
        ...(state === undefined ? {} : { state }),
        ...(cursor === undefined ? {} : { position: MoreThan(Number(decodeCursor(cursor))) }),
      },
      order: { position: 'ASC' },
      take: limit + 1,
    });
    const last = items.length > limit ? items[limit - 1] : undefined;
    return { items: items.slice(0, limit), nextCursor: last ? encodeCursor(String(last.position)) : null };
  }

  /** Users who failed or were refused, in the order of IDs. */
  async findTroubled(restoreId: string, limit: number): Promise<RestoreItem[]> {
    const where = { restoreId, state: In(['failed', 'refused']) };
    return this.items.find({ where, order: { position: 'ASC' }, take: limit });
  }

  async tally(restoreId: string, tx: Tx = this.dataSource.manager): Promise<RestoreTally> {
    const rows = await tx.query<
      { action: RestoreAction; state: RestoreItemState; users: number; added: number; replaced: number }[]
    >(
      `select action, state, count(*)::int as users, sum(credentials_added)::int as added, sum(credentials_replaced)::int as replaced
         from restore_items where restore_id = $1 group by action, state`,
      [restoreId],
    );
    const tally = {
      planned: 0,
      done: 0,
      failed: 0,
      unchanged: 0,
      refused: 0,
      byAction: { create: 0, update: 0, unchanged: 0, refused: 0 },
      credentialsAdded: 0,
      credentialsReplaced: 0,
    };
    for (const { action, state, users, added, replaced } of rows) {
      tally[state] += users;
      tally.byAction[action] += users;
      tally.credentialsAdded += added;
      tally.credentialsReplaced += replaced;
    }
    return tally;
  }

  /** Users who are still to be written, in the order of IDs, from a place on. */
  async findPlanned(restoreId: string, after: number, limit: number): Promise<RestoreItem[]> {
    return this.items.find({
      where: { restoreId, state: 'planned', position: MoreThan(after) },
      order: { position: 'ASC' },
      take: limit,
    });
  }

  /** The backups that its users come from. */
  async findBackupIds(restoreId: string): Promise<string[]> {
    const rows = await this.items.query<{ backup_id: string }[]>(
      'select distinct backup_id from restore_items where restore_id = $1 and backup_id is not null order by backup_id',
      [restoreId],
    );
    return rows.map(({ backup_id: id }) => id);
  }

  /** Settles one user, unless that was done already. */
  async settleItem(
    tx: Tx,
    restoreId: string,
    deviceUserId: DeviceUserId,
    outcome: { state: RestoreItemState; code?: string; reason?: string; writeId?: string },
  ): Promise<void> {
    await tx.update(
      RestoreItem,
      { restoreId, deviceUserId, state: 'planned' },
      {
        state: outcome.state,
        settledAt: this.clock.now(),
        ...(outcome.code === undefined ? {} : { code: outcome.code }),
        ...(outcome.reason === undefined ? {} : { reason: outcome.reason }),
        ...(outcome.writeId === undefined ? {} : { writeId: outcome.writeId }),
      },
    );
  }

  /** A write of this user was proven, perhaps long after his turn: that counts, whatever was thought of it before. */
  async proveItem(tx: Tx, restoreId: string, deviceUserId: DeviceUserId, writeId: string): Promise<void> {
    await tx.update(
      RestoreItem,
      { restoreId, deviceUserId, state: In(['planned', 'failed']) },
      { state: 'done', code: null, reason: null, writeId, settledAt: this.clock.now() },
    );
  }

  /** Planned to running, once; false: it is not planned any more. */
  async begin(tx: Tx, id: string, confirmTripped: boolean): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(
      `update restores set state = 'running', started_at = $2, progressed_at = clock_timestamp(), confirm_tripped = confirm_tripped or $3
        where id = $1 and state = 'planned'`,
      [id, this.clock.now(), confirmTripped],
    );
    return affected === 1;
  }

  /** Says that its process is alive. */
  async noteProgress(id: string): Promise<void> {
    await this.restores.query(
      `update restores set progressed_at = clock_timestamp() where id = $1 and state = 'running'`,
      [id],
    );
  }

  async isRunning(id: string): Promise<boolean> {
    return this.restores.existsBy({ id, state: 'running' });
  }

  async noteSafetyBackup(id: string, backupId: string): Promise<void> {
    await this.restores.update({ id }, { safetyBackupId: backupId });
  }

  /** Takes over restores whose process has not been heard of for so long. */
  async takeOverAbandoned(silentMs: number): Promise<Restore[]> {
    const [rows] = await this.restores.query<[{ id: string }[], number]>(
      `update restores set progressed_at = clock_timestamp()
        where state = 'running' and progressed_at < clock_timestamp() - $1 * interval '1 ms' returning id`,
      [silentMs],
    );
    return Promise.all(rows.map(({ id }) => this.get(id)));
  }

  async finish(
    tx: Tx,
    id: string,
    state: Exclude<RestoreState, 'planned' | 'running'>,
    refusal?: string,
  ): Promise<boolean> {
    const [, affected] = await tx.query<[unknown, number]>(
      `update restores set state = $2, finished_at = $3, refusal = $4 where id = $1 and state in ('planned', 'running')`,
      [id, state, this.clock.now(), refusal ?? null],
    );
    return affected === 1;
  }

  private async storeItems(tx: Tx, restoreId: string, users: readonly PlannedUser[], start: number): Promise<void> {
    await tx
      .createQueryBuilder()
      .insert()
      .into(RestoreItem)
      .values(
        users.map((user, i) => ({
          restoreId,
          deviceUserId: user.deviceUserId,
          position: start + i + 1,
          backupId: user.backupId ?? null,
          name: user.name,
          action: user.action,
          code: user.code ?? null,
          reason: user.reason ?? null,
          credentialsAdded: user.credentialsAdded,
          credentialsReplaced: user.credentialsReplaced,
          beforeDigest: user.beforeDigest,
          state: user.action === 'unchanged' || user.action === 'refused' ? user.action : ('planned' as const),
        })),
      )
      .updateEntity(false)
      .execute();
  }
}
