import { DeviceHealth } from './device-health.js';
import { FillLevels } from './fill-levels.js';
import { HealthNotices } from './health.notices.js';

export { DeviceHealth, type HealthFacts } from './device-health.js';
export { DeviceFillLevel } from './fill-level.entity.js';
export { FillMetrics } from './fill.metrics.js';
export { FILL_KINDS, type FillKind, FillLevels, type Forecasts } from './fill-levels.js';

/** What tells how a terminal is doing. */
export const HEALTH_PROVIDERS = [DeviceHealth, FillLevels, HealthNotices];
