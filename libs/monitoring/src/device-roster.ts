import { type Tx } from '@app/database';
import { type DeviceUser } from '@app/device-gateway';
import { type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type KnownUser, type Traits, traitsOf } from './compare-reads.js';
import { type StayEnd } from './monitoring.entities.js';

/** Rows in one statement. */
const BATCH = 5_000;

interface StayRow {
  readonly id: string;
  readonly device_user_id: DeviceUserId;
  readonly slot: number | null;
  readonly name: string | null;
  readonly card_number: string | null;
  readonly first_seen_at: Date;
  readonly last_seen_at: Date | null;
  readonly gone_at: Date | null;
}

/** Who is on which terminal: the stays, of which each user has at most one that is not over. */
@Injectable()
export class DeviceRoster {
  constructor(private readonly dataSource: DataSource) {}

  /** Everybody who is on the device, or missed there. */
  async findKnown(tx: Tx, deviceId: string): Promise<KnownUser[]> {
    const rows = await tx.query<StayRow[]>(
      `select id, device_user_id, slot, name, card_number, first_seen_at, last_seen_at, gone_at from device_user_stays
        where device_id = $1 and (ended_as is null or ended_as = 'missing') order by id`,
      [deviceId],
    );
    return rows.map((row) => ({
      stayId: row.id,
      deviceUserId: row.device_user_id,
      slot: row.slot,
      name: row.name,
      cardNumber: row.card_number,
      firstSeenAt: row.first_seen_at,
      missingSince: row.last_seen_at && row.gone_at && { lastSeenAt: row.last_seen_at, goneAt: row.gone_at },
    }));
  }

  /** Whom the last complete read showed. */
  async findPresentIds(deviceId: string): Promise<Set<DeviceUserId>> {
    const rows = await this.dataSource.query<{ device_user_id: DeviceUserId }[]>(
      'select device_user_id from device_user_stays where device_id = $1 and ended_as is null',
      [deviceId],
    );
    return new Set(rows.map(({ device_user_id: id }) => id));
  }

  /** These are on the device now. `before`: what was known of those who returned. */
  async begin(
    tx: Tx,
    deviceId: string,
    users: readonly DeviceUser[],
    { at, before }: { readonly at: Date; readonly before?: ReadonlyMap<DeviceUserId, Traits> },
  ): Promise<void> {
    for (let start = 0; start < users.length; start += BATCH) {
      const batch = users.slice(start, start + BATCH);
      const traits = batch.map((user) => traitsOf(user, before?.get(user.deviceUserId)));
      await tx.query(
        `insert into device_user_stays (device_id, device_user_id, slot, name, card_number, first_seen_at)
         select $1, u.id, u.slot, u.name, u.card, $2
           from unnest($3::text[], $4::integer[], $5::text[], $6::text[]) as u (id, slot, name, card)`,
        [
          deviceId,
          at,
          batch.map(({ deviceUserId }) => deviceUserId),
          traits.map(({ slot }) => slot),
          traits.map(({ name }) => name),
          traits.map(({ cardNumber }) => cardNumber),
        ],
      );
    }
  }

  /** These were on the device until `lastSeenAt`, and at `goneAt` they were not. */
  async end(
    tx: Tx,
    stays: readonly KnownUser[],
    end: { readonly as: StayEnd; readonly lastSeenAt: Date; readonly goneAt: Date },
  ): Promise<void> {
    if (stays.length === 0) return;
    await tx.query(
      `update device_user_stays set ended_as = $2, last_seen_at = greatest($3, first_seen_at), gone_at = $4 where id = any($1::bigint[])`,
      [stays.map(({ stayId }) => stayId), end.as, end.lastSeenAt, end.goneAt],
    );
  }

  /** What became of users who were missed. */
  async settle(tx: Tx, deviceId: string, ids: readonly DeviceUserId[], as: Exclude<StayEnd, 'missing'>): Promise<void> {
    await tx.query(
      `update device_user_stays set ended_as = $3
        where device_id = $1 and device_user_id = any($2::text[]) and ended_as = 'missing'`,
      [deviceId, ids, as],
    );
  }

  async change(tx: Tx, changes: readonly { readonly known: KnownUser; readonly traits: Traits }[]): Promise<void> {
    for (let start = 0; start < changes.length; start += BATCH) {
      const batch = changes.slice(start, start + BATCH);
      await tx.query(
        `update device_user_stays s set slot = u.slot, name = u.name, card_number = u.card
           from unnest($1::bigint[], $2::integer[], $3::text[], $4::text[]) as u (id, slot, name, card) where s.id = u.id`,
        [
          batch.map(({ known }) => known.stayId),
          batch.map(({ traits }) => traits.slot),
          batch.map(({ traits }) => traits.name),
          batch.map(({ traits }) => traits.cardNumber),
        ],
      );
    }
  }

  /** Takes names and cards of an erased user out of stays and incidents, which stay; in a fenced transaction. */
  async forgetPerson(tx: Tx, deviceId: string, deviceUserId: DeviceUserId): Promise<void> {
    await tx.query(
      `update device_user_stays set name = null, card_number = null
        where device_id = $1 and device_user_id = $2 and (name is not null or card_number is not null)`,
      [deviceId, deviceUserId],
    );
    await tx.query(
      `update incident_users u set name = null, card_number = null from incidents i
        where i.id = u.incident_id and i.device_id = $1 and u.device_user_id = $2
          and (u.name is not null or u.card_number is not null)`,
      [deviceId, deviceUserId],
    );
  }
}
