import { type Tx } from '@app/database';
import { formatWallTime } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type ImportContext, type ImportTotals, type PunchLog, type ReportedPunch } from './punch-log.js';
import { PunchWatermark } from './punch.entity.js';
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
      await this.moveWatermark(tx, deviceId, log);
    }
    return { read: log.punches.length, imported, alreadyKnown: log.punches.length - imported };
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
    const watermark = await tx.findOne(PunchWatermark, { where: { deviceId } });
    if (!watermark || watermark.recordCount > log.punches.length) return 0;
    return watermark.digest.equals(log.digestOfFirst(watermark.recordCount)) ? watermark.recordCount : 0;
  }

  private async moveWatermark(tx: Tx, deviceId: string, log: PunchLog): Promise<void> {
    const { punches } = log;
    const times = punches.map(({ wallTime }) => formatWallTime(wallTime));
    const lastWallTime = times.reduce<string | null>(
      (last, time) => (last === null || time > last ? time : last),
      null,
    );
    await tx.query(
      `insert into punch_watermarks (device_id, record_count, digest, last_wall_time) values ($1, $2, $3, $4)
       on conflict (device_id) do update
          set record_count = excluded.record_count, digest = excluded.digest, last_wall_time = excluded.last_wall_time`,
      [deviceId, punches.length, log.digestOfFirst(punches.length), lastWallTime],
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
