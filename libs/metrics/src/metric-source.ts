import { Injectable, type OnModuleInit } from '@nestjs/common';

/** One figure for operators. Names and labels follow the Prometheus conventions: base units, `_total` for counters. */
export interface MetricSample {
  /** `holdfast_…` */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** The sources that this process knows. */
@Injectable()
export class MetricSources {
  private readonly sources: MetricSource[] = [];

  register(source: MetricSource): void {
    this.sources.push(source);
  }

  all(): readonly MetricSource[] {
    return this.sources;
  }
}

/**
 * What a feature tells of itself when `/metrics` is asked: read from its own tables or memory, in one or two queries. It
 * makes itself known when its module begins.
 */
@Injectable()
export abstract class MetricSource implements OnModuleInit {
  constructor(private readonly sources: MetricSources) {}

  onModuleInit(): void {
    this.sources.register(this);
  }

  abstract collectMetrics(): Promise<readonly MetricSample[]>;
}

/** A gauge with a series for each terminal; null: there is none for this one. */
export function deviceGauge<T extends { readonly slug: string }>(
  devices: readonly T[],
  name: string,
  help: string,
  valueOf: (device: T) => number | null,
): MetricSample {
  const values = devices.flatMap((device) => {
    const value = valueOf(device);
    return value === null ? [] : [{ labels: { device: device.slug }, value }];
  });
  return { name, type: 'gauge', help, values };
}
