import { Injectable } from '@nestjs/common';

/** One figure for operators. Names and labels follow the Prometheus conventions: base units, `_total` for counters. */
export interface MetricSample {
  /** `holdfast_…` */
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly values: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/** What a feature tells of itself when `/metrics` is asked: read from its own tables or memory, in one or two queries. */
export abstract class MetricSource {
  abstract collectMetrics(): Promise<readonly MetricSample[]>;
}

/** The sources that this process knows. */
@Injectable()
export class MetricSources {
  private readonly sources: MetricSource[] = [];

  /** Called once by each feature, in its `onModuleInit`. */
  register(source: MetricSource): void {
    this.sources.push(source);
  }

  all(): readonly MetricSource[] {
    return this.sources;
  }
}
