import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { type DeviceUserId, formatWallTime, parseWallTime, wallTimeToDate } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type Repository } from 'typeorm';
import { type HandedOverPunch, type ImportContext, type LoggedPunch, type ReportedPunch } from './punch-log.js';
import { Punch, type PunchLogPosition, type PunchSource } from './punch.entity.js';

/** Which punches to list; every part is optional, together they narrow. Range ends are inclusive. */
export interface PunchFilter {
  readonly deviceId?: string;
  readonly deviceUserId?: string;
  readonly personId?: string;
  readonly attribution?: 'attributed' | 'unattributed';
  readonly source?: PunchSource;
  readonly from?: Date;
  readonly to?: Date;
}

/** Punches, newest wall time first, and where the next page begins. */
export interface PunchPage {
  readonly items: Punch[];
  readonly nextCursor: string | null;
}

/** A logged punch and the how-manieth of its like it is. */
export type NumberedPunch = LoggedPunch & { readonly occurrence: number };

interface HandedOverRecord {
  readonly device_user_id: DeviceUserId;
  readonly wall_time: string;
  readonly verify_mode: number;
  readonly state: number;
}

const COLUMNS = `device_id, device_user_id, wall_time, precise_to, instant, time_zone, verify_mode, state, work_code,
  occurrence, source, entered_by_hand, first_run_id, person_id, person_type`;
/** Whoever the user was mapped to at the instant; no row: nobody. */
const MAPPED = `left join user_machine_mapping m on m.device_id = $1 and m.device_user_id = p.device_user_id
  and p.calendar at time zone $2 >= m.valid_from and (m.valid_to is null or p.calendar at time zone $2 < m.valid_to)`;
const LOGGED = `unnest($4::text[], $5::text[], $6::timestamp[], $7::smallint[], $8::smallint[], $9::bigint[], $10::int[])
  as p (device_user_id, wall_time, calendar, verify_mode, state, work_code, occurrence)`;
const KEY = '(device_id, device_user_id, wall_time, state, verify_mode, occurrence)';

/** The set-based statements on `punches`. Each takes a batch of punches of one device. */
@Injectable()
export class PunchesRepository {
  constructor(@InjectRepository(Punch) private readonly punches: Repository<Punch>) {}

  /** Keeps mappings of this device from changing until the transaction ends, so that none is missed. */
  async holdMappings(tx: Tx, deviceId: string): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock_shared(hashtext('mapping'), hashtext($1))`, [deviceId]);
  }

  /** Inserts what is not there yet; gives how many that were. */
  async insertLogged(tx: Tx, context: ImportContext, punches: readonly NumberedPunch[]): Promise<number> {
    const [{ count }] = await tx.query<{ count: string }[]>(
      `with inserted as (
         insert into punches (${COLUMNS})
         select $1, p.device_user_id, p.wall_time, 'second', p.calendar at time zone $2, $2, p.verify_mode, p.state, p.work_code,
                p.occurrence, 'device', false, $3::bigint, m.person_id, m.person_type
           from ${LOGGED} ${MAPPED}
         on conflict ${KEY} do nothing returning 1)
       select count(*) from inserted`,
      loggedParameters(context, punches),
    );
    return Number(count);
  }

  /** Inserts what neither the terminal nor an earlier file has told, however each of them put it; gives how many. */
  async insertReported(tx: Tx, context: ImportContext, punches: readonly ReportedPunch[]): Promise<number> {
    const [{ count }] = await tx.query<{ count: string }[]>(
      `with inserted as (
         insert into punches (${COLUMNS})
         select $1, p.device_user_id, p.wall_time, p.precise_to, p.calendar at time zone $2, $2, null, p.state, null,
                p.ordinal, 'aas', p.by_hand, $3::bigint, m.person_id, m.person_type
           from unnest($4::text[], $5::text[], $6::timestamp[], $7::text[], $8::smallint[], $9::bool[], $10::int[])
             as p (device_user_id, wall_time, calendar, precise_to, state, by_hand, ordinal) ${MAPPED}
          where p.ordinal > (
            select count(*) from punches known
             where known.device_id = $1 and known.device_user_id = p.device_user_id
               and known.wall_time >= case p.precise_to when 'minute' then left(p.wall_time, 16) else p.wall_time end
               and known.wall_time <= case p.precise_to when 'minute' then left(p.wall_time, 16) || ':59' else p.wall_time end)
         on conflict ${KEY} do nothing returning 1)
       select count(*) from inserted`,
      [
        ...contextParameters(context),
        punches.map(({ deviceUserId }) => deviceUserId),
        punches.map(({ wallTime }) => formatWallTime(wallTime)),
        punches.map(calendarOf),
        punches.map(({ preciseTo }) => preciseTo),
        punches.map(({ state }) => state),
        punches.map(({ enteredByHand }) => enteredByHand),
        punches.map(({ ordinal }) => ordinal),
      ],
    );
    return Number(count);
  }

  /** Keeps what is not kept yet. */
  async insertHandedOver(tx: Tx, deviceId: string, punches: readonly HandedOverPunch[]): Promise<void> {
    await tx.query(
      `insert into handed_over_punches (device_id, device_user_id, wall_time, verify_mode, state)
       select $1, * from unnest($2::text[], $3::text[], $4::smallint[], $5::smallint[])
       on conflict do nothing`,
      [
        deviceId,
        punches.map(({ deviceUserId }) => deviceUserId),
        punches.map(({ wallTime }) => formatWallTime(wallTime)),
        punches.map(({ verifyMode }) => verifyMode),
        punches.map(({ state }) => state),
      ],
    );
  }

  /** Gives what was handed over, and forgets it: in the same transaction it goes into `punches`. */
  async takeHandedOver(tx: Tx, deviceId: string): Promise<NumberedPunch[]> {
    const [rows] = await tx.query<[HandedOverRecord[], number]>(
      `delete from handed_over_punches where device_id = $1
       returning device_user_id, wall_time, verify_mode, state`,
      [deviceId],
    );
    return rows.map((row) => ({
      deviceUserId: row.device_user_id,
      wallTime: parseWallTime(row.wall_time)!,
      verifyMode: row.verify_mode,
      state: row.state,
      workCode: null,
      occurrence: 1,
    }));
  }

  /** Undefined: the log has not been read, or can only be read as a whole. */
  async findPosition(deviceId: string): Promise<PunchLogPosition | undefined> {
    const [row] = await this.punches.query<{ position: PunchLogPosition | null }[]>(
      'select position from punch_watermarks where device_id = $1',
      [deviceId],
    );
    return row?.position ?? undefined;
  }

  /** Whether an AAS file has told of punches of this device that its own log may tell better. */
  async hasReported(tx: Tx, deviceId: string): Promise<boolean> {
    const [{ exists }] = await tx.query<{ exists: boolean }[]>(
      `select exists (select 1 from punches where device_id = $1 and source = 'aas' and not entered_by_hand)`,
      [deviceId],
    );
    return exists;
  }

  /**
   * The terminal tells of punches that so far a file had told of: the rows become the terminal's, with its seconds and
   * modes. Each is taken once, by the punch of the same user in the same second, or minute; gives how many.
   */
  async claimReported(tx: Tx, context: ImportContext, punches: readonly NumberedPunch[]): Promise<number> {
    let claimed = 0;
    for (const [precision, key] of [
      ['second', 'wall_time'],
      ['minute', 'left(wall_time, 16)'],
    ]) {
      const [, updated] = await tx.query<[unknown, number]>(
        `with fresh as (
           select p.*, row_number() over (partition by device_user_id, ${key} order by wall_time, occurrence) as place
             from ${LOGGED}
            where not exists (select 1 from punches known where (known.device_id, known.device_user_id, known.wall_time) = ($1, p.device_user_id, p.wall_time)
                                and known.state = p.state and known.verify_mode = p.verify_mode and known.occurrence = p.occurrence)),
         reported as (
           select id, device_user_id, wall_time, row_number() over (partition by device_user_id, ${key} order by wall_time, occurrence) as place
             from punches where device_id = $1 and source = 'aas' and not entered_by_hand and precise_to = '${precision}')
         update punches row
            set wall_time = p.wall_time, precise_to = 'second', instant = p.calendar at time zone $2, time_zone = $2,
                verify_mode = p.verify_mode, state = p.state, work_code = p.work_code, occurrence = p.occurrence,
                source = 'device', first_run_id = $3::bigint
           from reported r join fresh p on p.device_user_id = r.device_user_id and p.place = r.place
            and ${key.replace('wall_time', 'p.wall_time')} = ${key.replace('wall_time', 'r.wall_time')}
          where row.id = r.id`,
        loggedParameters(context, punches),
      );
      claimed += updated;
    }
    const users = [...new Set(punches.map(({ deviceUserId }) => deviceUserId))];
    if (claimed > 0) await tx.query('select attribute_punches($1, $2)', [context.deviceId, users]);
    return claimed;
  }

  /** A page of punches, newest wall time first; punches that are imported meanwhile never come twice. */
  async list(filter: PunchFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<PunchPage> {
    const query = this.punches
      .createQueryBuilder('punch')
      .orderBy('punch.wallTime', 'DESC')
      .addOrderBy('punch.id', 'DESC')
      .take(page.limit + 1);
    const narrow = (condition: string, name: string, value: unknown): void => {
      if (value !== undefined) query.andWhere(condition, { [name]: value });
    };
    narrow('punch.deviceId = :deviceId', 'deviceId', filter.deviceId);
    narrow('punch.deviceUserId = :deviceUserId', 'deviceUserId', filter.deviceUserId);
    narrow('punch.personId = :personId', 'personId', filter.personId);
    narrow('punch.source = :source', 'source', filter.source);
    narrow('punch.instant >= :from', 'from', filter.from);
    narrow('punch.instant <= :to', 'to', filter.to);
    if (filter.attribution === 'attributed') query.andWhere('punch.personId is not null');
    if (filter.attribution === 'unattributed') query.andWhere('punch.personId is null');
    if (page.cursor !== undefined) {
      const last = 'select wall_time, id from punches where id = :last';
      query.andWhere(`(punch.wall_time, punch.id) < (${last})`, { last: decodeCursor(page.cursor) });
    }
    const items = await query.getMany();
    const last = items.length > page.limit ? items[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }
}

function contextParameters({ deviceId, timeZone, runId }: ImportContext): unknown[] {
  return [deviceId, timeZone, runId];
}

function loggedParameters(context: ImportContext, punches: readonly NumberedPunch[]): unknown[] {
  return [
    ...contextParameters(context),
    punches.map(({ deviceUserId }) => deviceUserId),
    punches.map(({ wallTime }) => formatWallTime(wallTime)),
    punches.map(calendarOf),
    punches.map(({ verifyMode }) => verifyMode),
    punches.map(({ state }) => state),
    punches.map(({ workCode }) => workCode),
    punches.map(({ occurrence }) => occurrence),
  ];
}

/** Null: no calendar has this day or time, so that it is no instant in any zone. */
function calendarOf({ wallTime }: Pick<LoggedPunch, 'wallTime'>): string | null {
  return wallTimeToDate(wallTime) ? formatWallTime(wallTime) : null;
}
