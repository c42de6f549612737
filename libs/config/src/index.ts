export {
  AppConfig,
  DEMO_MODES,
  type DemoMode,
  LOG_LEVELS,
  type LogLevel,
  LOOPBACK_NETWORKS,
  METRICS_ACCESS,
  type MetricsAccess,
  PRIVATE_NETWORKS,
  STANDARD_AIFACE_PORT,
} from './app-config.js';
export { ClockModule } from './clock.module.js';
export { ConfigModule } from './config.module.js';
export { InvalidConfigError } from './config.errors.js';
export { type ExplainedSetting, type SettingDescription, settingsOf } from './setting.js';
