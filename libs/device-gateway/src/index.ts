export { CompletePunchRead, type PunchReadProof } from './complete-punch-read.js';
export { CompleteUserRead, type ReadProof } from './complete-user-read.js';
export {
  DeviceError,
  type DeviceErrorCode,
  IncompleteReadError,
  type IncompleteReason,
  PROBE_STAGES,
  type ProbeStageName,
} from './device.errors.js';
export { DeviceGateway, type OpenOptions } from './device-gateway.js';
export { DeviceGatewayModule } from './device-gateway.module.js';
export { type DeviceEvent, DeviceEvents } from './device-events.js';
export { type DevicePunch } from './device-punch.js';
export { DeviceReader, type ReadOptions, type ReadProgress } from './device-reader.js';
export {
  type DeviceTarget,
  type DriverName,
  DRIVERS,
  NAME_ENCODINGS,
  type NameEncoding,
  parseDeviceAddress,
  type Transport,
  TRANSPORTS,
} from './device-target.js';
export { type DeviceCounters, type DeviceIdentity, type DeviceUser, type InvalidRecord } from './device-user.js';
export { GATEWAY_TIMEOUTS, type GatewayTimeouts, STANDARD_TIMEOUTS } from './gateway-timeouts.js';
export { type ProbeStageResult } from './probe.js';
