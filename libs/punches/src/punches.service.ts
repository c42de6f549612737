import { type Tx } from '@app/database';
import { formatWallTime } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import {
  type HandedOverPunch,
  type ImportContext,
  type ImportTotals,
  type PunchLog,
  type ReportedPunch,
} from './punch-log.js';
import { type PunchLogPosition, PunchWatermark } from './punch.entity.js';
import { type NumberedPunch, type PunchFilter, type PunchPage, PunchesRepository } from './punches.repository.js';

/** Punches per statement: enough to be quick, few enough to stay small in memory. */
const BATCH = 10_000;

/** Keeps every attendance record exactly once, and knows whose it is. */
@Injectable()
export class PunchesService {
  constructor(private readonly punches: PunchesRepository) {}

  /**
   * Imports a terminal's log in the run's fenced transaction. What the terminal held at the last read and still holds,
   * byte for byte, is not looked at again; everything else is told apart by its natural key, so that a log that was
   * cleared, or has lost its oldest records, neither doubles nor loses anything.
   */
  async importLog(tx: Tx, context: ImportContext, log: PunchLog): Promise<ImportTotals> {
    const { deviceId } = context;
    const known = await this.unchangedBeginning(tx, deviceId, log);
    const fresh = numbered(log).slice(known);
    let imported = 0;
    if (fresh.length > 0) {
      await this.punches.holdMappings(tx, deviceId);
      const reported = await this.punches.hasReported(tx, deviceId);
      for (const batch of batches(fresh)) {
        if (reported) await this.punches.claimReported(tx, context, batch);
        imported += await this.punches.insertLogged(tx, context, batch);
      }
    }
    await this.moveWatermark(tx, deviceId, log, fresh.length > 0);
    return { read: log.punches.length, imported, alreadyKnown: log.punches.length - imported };
  }

  /**
   * Keeps punches that a terminal hands over, in the caller's transaction, which needs no lease: a terminal sends them
   * until it is told that they are safe. Safe to repeat.
   */
  async keepHandedOver(tx: Tx, deviceId: string, punches: readonly HandedOverPunch[]): Promise<void> {
    if (punches.length > 0) await this.punches.insertHandedOver(tx, deviceId, punches);
  }

  /** Takes into `punches` what the terminal has handed over since the last run, in the run's fenced transaction. */
  async importHandedOver(tx: Tx, context: ImportContext): Promise<ImportTotals> {
    const punches = await this.punches.takeHandedOver(tx, context.deviceId);
    if (punches.length === 0) return { read: 0, imported: 0, alreadyKnown: 0 };
    await this.punches.holdMappings(tx, context.deviceId);
    let imported = 0;
    for (const batch of batches(punches)) imported += await this.punches.insertLogged(tx, context, batch);
    return { read: punches.length, imported, alreadyKnown: punches.length - imported };
  }

  /** From where the log of a device can be read on; undefined: from its beginning. */
  async findPosition(deviceId: string): Promise<PunchLogPosition | undefined> {
    return this.punches.findPosition(deviceId);
  }

  /** Imports a part of an AAS file in the run's fenced transaction; what a terminal has told better is left alone. */
  async importReported(tx: Tx, context: ImportContext, punches: readonly ReportedPunch[]): Promise<ImportTotals> {
    await this.punches.holdMappings(tx, context.deviceId);
    let imported = 0;
    for (const batch of batches(punches)) imported += await this.punches.insertReported(tx, context, batch);
    return { read: punches.length, imported, alreadyKnown: punches.length - imported };
  }

  /** A page of punches, newest wall time first. @throws {BadCursorError} */
  async list(filter: PunchFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<PunchPage> {
    return this.punches.list(filter, page);
  }

  /** How many records at the beginning of the log are those of the last read. */
  private async unchangedBeginning(tx: Tx, deviceId: string, log: PunchLog): Promise<number> {
    if (log.since !== undefined) return 0;
    const watermark = await tx.findOne(PunchWatermark, { where: { deviceId } });
    if (!watermark || watermark.recordCount > log.punches.length) return 0;
    return watermark.digest.equals(log.digestOfFirst(watermark.recordCount)) ? watermark.recordCount : 0;
  }

  /** A part of a log moves its position only: what is known of the beginning stays true. */
  private async moveWatermark(tx: Tx, deviceId: string, log: PunchLog, grown: boolean): Promise<void> {
    const { punches, position } = log;
    if (log.since !== undefined) {
      await tx.query('update punch_watermarks set position = $2 where device_id = $1', [deviceId, position]);
      return;
    }
    if (!grown && !position) return;
    const times = punches.map(({ wallTime }) => formatWallTime(wallTime));
    const lastWallTime = times.reduce<string | null>(
      (last, time) => (last === null || time > last ? time : last),
      null,
    );
    await tx.query(
      `insert into punch_watermarks (device_id, record_count, digest, last_wall_time, position) values ($1, $2, $3, $4, $5)
       on conflict (device_id) do update
          set record_count = excluded.record_count, digest = excluded.digest, last_wall_time = excluded.last_wall_time,
              position = excluded.position`,
      [deviceId, punches.length, log.digestOfFirst(punches.length), lastWallTime, position ?? null],
    );
  }
}

/** Terminals keep equal records apart by nothing but their number: the second of two is another punch. */
function numbered({ punches }: PunchLog): NumberedPunch[] {
  const seen = new Map<string, number>();
  return punches.map((punch) => {
    const { deviceUserId, wallTime, state, verifyMode } = punch;
    const key = `${deviceUserId} ${formatWallTime(wallTime)} ${state} ${verifyMode}`;
    const occurrence = (seen.get(key) ?? 0) + 1;
    seen.set(key, occurrence);
    return { ...punch, occurrence };
  });
}

function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < items.length; start += BATCH) yield items.slice(start, start + BATCH);
}
