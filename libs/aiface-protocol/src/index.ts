export {
  type Answer,
  DESTRUCTIVE_COMMANDS,
  encodeAnswer,
  encodeReadCommand,
  isReadOrSessionMessage,
  READ_COMMANDS,
  type ReadCommand,
  WRITE_COMMANDS,
} from './commands.js';
export {
  BackupNumber,
  type Credential,
  type CredentialKind,
  credentialKind,
  decodeCredential,
  decodeListedCredential,
  foldCredentials,
  type ListedCredential,
  type ListedUser,
} from './credential.js';
export {
  type AifaceCapacity,
  type AifaceCounters,
  decodeCapacity,
  decodeCounters,
  type DeviceInfo,
} from './device-info.js';
export { DEVICE_ITSELF, enrollIdForWire, enrollIdOf, STRANGER } from './enroll-id.js';
export { AifaceFormatError, type AifaceFormatErrorCode } from './errors.js';
export { decodeInbound, type Inbound, type LogBatch, type Reply } from './inbound.js';
export { booleanField, field, type Fields, integerField, isFields, listField, parseFields, textField } from './json.js';
export { decodeLogRecord, type DoorEvent, isAlarming, type LogRecord } from './log-record.js';
export { decodePage, type Page, PageCollector, PagingError, type PagingFault } from './pages.js';
export { isKnownFirmware, takesProfiles } from './firmware.js';
export {
  encodeWriteCommand,
  isDeletable,
  isWriteOfOneUser,
  PROFILE_FIELDS,
  type ProfileField,
  type ProfileFields,
  REST_OF_USER,
  type WriteCommand,
} from './write-commands.js';
export { describeRefusal } from './write-refusal.js';
