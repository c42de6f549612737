export { CompletePunchRead, type LogPosition, type PunchReadProof } from './complete-punch-read.js';
export { CompleteUserRead, type ReadProof } from './complete-user-read.js';
export {
  DeviceError,
  type DeviceErrorCode,
  IncompleteReadError,
  type IncompleteReason,
  PROBE_STAGES,
  type ProbeStageName,
  TERMINAL_PROBLEMS,
} from './device.errors.js';
export { DeviceGateway, type OpenOptions } from './device-gateway.js';
export { DeviceNetworks, HOST_RESOLVER, type HostResolver } from './device-networks.js';
export { isNetwork, isWithin, siteNetworkOf } from './networks.js';
export { DeviceGatewayModule } from './device-gateway.module.js';
export { type DeviceEvent, DeviceEvents } from './device-events.js';
export { type DeviceOperation } from './device-operation.js';
export { type DevicePunch } from './device-punch.js';
export {
  DeviceReader,
  type PunchReadOptions,
  type ReadOptions,
  type ReadProgress,
  type UserReadOptions,
} from './device-reader.js';
export { AifaceListener, type ListenOptions } from './drivers/aiface/aiface-listener.js';
export { AifaceSessions } from './drivers/aiface/aiface-sessions.js';
export {
  ADDRESS_DRIVERS,
  type AddressDriver,
  type AddressTarget,
  type DeviceTarget,
  type DialInTarget,
  type DriverName,
  DRIVERS,
  NAME_ENCODINGS,
  type NameEncoding,
  parseDeviceAddress,
  type Transport,
  TRANSPORTS,
} from './device-target.js';
export {
  type DeviceCounters,
  type DeviceIdentity,
  type DeviceUser,
  type InvalidRecord,
  type UserDetails,
} from './device-user.js';
export { GATEWAY_TIMEOUTS, type GatewayTimeouts, STANDARD_TIMEOUTS } from './gateway-timeouts.js';
export { type ProbeStageResult } from './probe.js';
export { type Admission, type TerminalAlarm, TerminalHost, type Visitor } from './terminal-host.js';
