import { type Tx } from '@app/database';
import { type DeviceCounters } from '@app/device-gateway';
import { Injectable } from '@nestjs/common';
import { DeviceFillLevel } from './fill-level.entity.js';
import { type FillForecast, forecastFill } from './fill-forecast.js';

const DAY_MS = 24 * 60 * 60_000;
const FORECAST_DAYS = 30;

export const FILL_KINDS = ['users', 'templates', 'punches'] as const;
export type FillKind = (typeof FILL_KINDS)[number];
export type Forecasts = Readonly<Partial<Record<FillKind, FillForecast>>>;

const CAPACITY = { users: 'userCapacity', templates: 'templateCapacity', punches: 'punchCapacity' } as const;

/** One level for each terminal and day, and what follows from the last thirty. */
@Injectable()
export class FillLevels {
  async note(tx: Tx, deviceId: string, counters: DeviceCounters, at: Date): Promise<void> {
    const { users, userCapacity, templates, templateCapacity, punches, punchCapacity } = counters;
    await tx.upsert(
      DeviceFillLevel,
      {
        deviceId,
        day: dayOf(at),
        users,
        userCapacity: userCapacity ?? null,
        templates: templates ?? null,
        templateCapacity: templateCapacity ?? null,
        punches: punches ?? null,
        punchCapacity: punchCapacity ?? null,
      },
      ['deviceId', 'day'],
    );
  }

  /** By device; kinds of which a terminal tells no capacity are missing. */
  async forecast(tx: Tx, deviceIds: readonly string[], at: Date): Promise<ReadonlyMap<string, Forecasts>> {
    const since = dayOf(new Date(at.getTime() - FORECAST_DAYS * DAY_MS));
    const levels = await tx
      .createQueryBuilder(DeviceFillLevel, 'level')
      .where('level.deviceId = any(:deviceIds) and level.day >= :since', { deviceIds, since })
      .orderBy('level.day', 'ASC')
      .getMany();
    const byDevice = new Map<string, DeviceFillLevel[]>();
    for (const level of levels) byDevice.set(level.deviceId, [...(byDevice.get(level.deviceId) ?? []), level]);
    return new Map([...byDevice].map(([id, ofDevice]) => [id, forecastsOf(ofDevice)]));
  }
}

function forecastsOf(levels: readonly DeviceFillLevel[]): Forecasts {
  return Object.fromEntries(
    FILL_KINDS.flatMap((kind) => {
      const capacity = levels.at(-1)?.[CAPACITY[kind]];
      const points = levels.flatMap(({ day, [kind]: count }) =>
        count === null ? [] : [{ day: Date.parse(day) / DAY_MS, count }],
      );
      const forecast = capacity ? forecastFill(points, capacity) : undefined;
      return forecast ? [[kind, forecast]] : [];
    }),
  );
}

function dayOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}
