import { type Tx } from '@app/database';
import { Inject, Injectable } from '@nestjs/common';
import { DeviceObservation, type ObservationOutcome } from '../monitoring.entities.js';
import { MONITORING_OPTIONS, type MonitoringOptions } from '../monitoring-options.js';

/** Observations of one interval and a half of each other belong together; what is further apart has a gap between. */
const GAP_INTERVALS = 2.5;

/** What one read came to. */
export interface Observation {
  readonly outcome: ObservationOutcome;
  /** Null unless the read was complete. */
  readonly userCount: number | null;
  readonly at: Date;
}

/** Keeps what reads of a terminal came to as intervals: equal ones in a row are one row. */
@Injectable()
export class ObservationLog {
  constructor(@Inject(MONITORING_OPTIONS) private readonly options: MonitoringOptions) {}

  /** In turn with the other reads of the terminal. */
  async note(tx: Tx, deviceId: string, { outcome, userCount, at }: Observation): Promise<void> {
    const last = await tx.findOne(DeviceObservation, { where: { deviceId }, order: { id: 'DESC' } });
    const gapMs = last ? at.getTime() - last.observedUntil.getTime() : Number.POSITIVE_INFINITY;
    const goesOn =
      last?.outcome === outcome && last.userCount === userCount && gapMs <= GAP_INTERVALS * this.options.intervalMs;
    if (last && goesOn) {
      const observedUntil = gapMs > 0 ? at : last.observedUntil;
      await tx.update(DeviceObservation, { id: last.id }, { observedUntil, observations: last.observations + 1 });
      return;
    }
    // A clock that was set back must not make intervals overlap.
    const from = last && last.observedUntil > at ? last.observedUntil : at;
    await tx.insert(DeviceObservation, { deviceId, outcome, userCount, observedFrom: from, observedUntil: from });
  }

  /** The intervals that touch a range, oldest first. */
  async find(tx: Tx, deviceId: string, from: Date, to: Date): Promise<DeviceObservation[]> {
    return tx
      .createQueryBuilder(DeviceObservation, 'observation')
      .where('observation.deviceId = :deviceId', { deviceId })
      .andWhere('observation.observedUntil >= :from and observation.observedFrom <= :to', { from, to })
      .orderBy('observation.observedFrom', 'ASC')
      .addOrderBy('observation.id', 'ASC')
      .getMany();
  }
}
