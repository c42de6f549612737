export { CollectedSources, SOURCE_TIMEOUT_MS } from './collected-sources.js';
export { HttpDurations } from './http-durations.js';
export { deviceGauge, type MetricSample, MetricSource, MetricSources } from './metric-source.js';
export { MetricsEndpointModule } from './metrics-endpoint.module.js';
export { MetricsModule } from './metrics.module.js';
export { MetricsOffError } from './metrics.errors.js';
export { MetricsPage } from './metrics-page.js';
