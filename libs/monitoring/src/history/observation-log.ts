import { type Tx } from '@app/database';
import { Inject, Injectable } from '@nestjs/common';
import { DeviceObservation, type ObservationOutcome } from '../monitoring.entities.js';
import { MONITORING_OPTIONS, type MonitoringOptions, observationGapMs } from '../monitoring-options.js';

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
    const last = await tx.findOne(DeviceObservation, {
      where: { deviceId },
      order: { observedFrom: 'DESC', id: 'DESC' },
    });
    const gapMs = last ? at.getTime() - last.observedUntil.getTime() : Number.POSITIVE_INFINITY;
    const goesOn = last?.outcome === outcome && last.userCount === userCount && gapMs <= observationGapMs(this.options);
    if (last && goesOn) {
      const observedUntil = gapMs > 0 ? at : last.observedUntil;
      await tx.update(DeviceObservation, { id: last.id }, { observedUntil, observations: last.observations + 1 });
      return;
    }
    // A clock that was set back must not make intervals overlap.
    const from = last && last.observedUntil > at ? last.observedUntil : at;
    await tx.insert(DeviceObservation, { deviceId, outcome, userCount, observedFrom: from, observedUntil: from });
  }

  /** The intervals that touch a range, or end so near before it that they may reach into it; oldest first. */
  async find(tx: Tx, deviceId: string, from: Date, to: Date): Promise<DeviceObservation[]> {
    const reachingIn = new Date(from.getTime() - observationGapMs(this.options));
    return tx
      .createQueryBuilder(DeviceObservation, 'observation')
      .where('observation.deviceId = :deviceId', { deviceId })
      .andWhere('observation.observedUntil >= :reachingIn and observation.observedFrom <= :to', { reachingIn, to })
      .orderBy('observation.observedFrom', 'ASC')
      .addOrderBy('observation.id', 'ASC')
      .getMany();
  }
}
