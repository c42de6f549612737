import { Clock } from '@app/kernel';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Counter, Gauge, type Metric, Registry } from 'prom-client';
import { type MetricSample, type MetricSource, MetricSources } from './metric-source.js';

export const SOURCE_TIMEOUT_MS = Symbol('SOURCE_TIMEOUT_MS');

interface NamedMetric {
  readonly name: string;
  readonly metric: Metric;
}

interface Collected {
  readonly source: string;
  readonly seconds: number;
  /** Undefined: it failed, or took too long. */
  readonly metrics?: readonly NamedMetric[];
}

/**
 * Asks every source at once, each within a time of its own: one that fails or hangs is told as down and takes no other
 * with it. A source that still works on an earlier question is not asked again.
 */
@Injectable()
export class CollectedSources {
  private readonly logger = new Logger(CollectedSources.name);
  private readonly underway = new Map<MetricSource, Promise<readonly MetricSample[]>>();
  private readonly down = new Set<MetricSource>();

  constructor(
    private readonly sources: MetricSources,
    private readonly clock: Clock,
    @Inject(SOURCE_TIMEOUT_MS) private readonly timeoutMs: number,
  ) {}

  async collect(): Promise<Registry> {
    const registry = new Registry();
    const labelNames = ['source'];
    const up = new Gauge({
      name: 'holdfast_metric_source_up',
      help: '1: the figures of this part of the program are here; 0: they could not be had.',
      labelNames,
      registers: [registry],
    });
    const duration = new Gauge({
      name: 'holdfast_metric_source_duration_seconds',
      help: 'How long it took to collect the figures of this part.',
      labelNames,
      registers: [registry],
    });
    for (const { source, seconds, metrics } of await Promise.all(this.sources.all().map((it) => this.ask(it)))) {
      const taken = metrics !== undefined && this.add(registry, source, metrics);
      up.set({ source }, Number(taken));
      duration.set({ source }, seconds);
    }
    return registry;
  }

  private async ask(source: MetricSource): Promise<Collected> {
    const { name } = source.constructor;
    const begunAtMs = this.clock.monotonicMs();
    const seconds = (): number => (this.clock.monotonicMs() - begunAtMs) / 1_000;
    try {
      const metrics = (await this.withinTime(this.samplesOf(source))).map(metricOf);
      if (this.down.delete(source)) this.logger.log({ msg: 'figures can be collected again', source: name });
      return { source: name, seconds: seconds(), metrics };
    } catch (error) {
      if (!this.down.has(source)) this.logger.warn({ msg: 'figures could not be collected', source: name, err: error });
      this.down.add(source);
      return { source: name, seconds: seconds() };
    }
  }

  private samplesOf(source: MetricSource): Promise<readonly MetricSample[]> {
    let asked = this.underway.get(source);
    if (!asked) {
      asked = Promise.resolve()
        .then(() => source.collectMetrics())
        .finally(() => this.underway.delete(source));
      this.underway.set(source, asked);
    }
    return asked;
  }

  private async withinTime<T>(work: Promise<T>): Promise<T> {
    const { timeoutMs } = this;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`It took longer than ${timeoutMs / 1_000} s`)), timeoutMs);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** All of them or none: two sources with the same figure would make the whole page invalid. */
  private add(registry: Registry, source: string, metrics: readonly NamedMetric[]): boolean {
    const taken = metrics.find(({ name }) => registry.getSingleMetric(name));
    if (taken) {
      this.logger.error({ msg: 'another source has a figure of this name already', source, metric: taken.name });
      return false;
    }
    for (const { metric } of metrics) registry.registerMetric(metric);
    return true;
  }
}

/** @throws {Error} the sample is none that Prometheus takes */
function metricOf({ name, type, help, values }: MetricSample): NamedMetric {
  const labelNames = [...new Set(values.flatMap(({ labels = {} }) => Object.keys(labels)))];
  const settings = { name, help, labelNames, registers: [] };
  if (type === 'gauge') {
    const gauge = new Gauge(settings);
    for (const { labels = {}, value } of values) gauge.set(labels, value);
    return { name, metric: gauge };
  }
  const counter = new Counter(settings);
  for (const { labels = {}, value } of values) counter.inc(labels, value);
  return { name, metric: counter };
}
