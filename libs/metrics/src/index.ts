export { type MetricSample, MetricSource, MetricSources } from './metric-source.js';
export { MetricsModule } from './metrics.module.js';
