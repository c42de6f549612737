import { type MappingStatus } from '@app/buffer';
import { type ComparedAttribute, type ConflictType, type Side, type Strategy } from '@app/conflict';
import { type AifaceProfileName } from '@app/device-emulator';
import { type AddressDriver, type NameEncoding, type Transport } from '@app/device-gateway';
import { type IncidentState } from '@app/monitoring';

/** All of a type's values, none left out, without loading the library that they are of. */
function allOf<T extends string>(values: Readonly<Record<T, true>>): readonly T[] {
  return Object.keys(values) as T[];
}

export const CONFLICT_TYPES = allOf<ConflictType>({ attribute_mismatch: true, duplicate_id: true, id_reused: true });
export const STRATEGIES = allOf<Strategy>({ use_device: true, use_database: true, merge: true });
export const SIDES = allOf<Side>({ device: true, database: true });
export const COMPARED_ATTRIBUTES = allOf<ComparedAttribute>({
  name: true,
  card_number: true,
  privilege: true,
  group_id: true,
  timezone_id: true,
  has_pin: true,
});
export const MAPPING_STATUSES = allOf<MappingStatus>({ unmapped: true, mapped: true, conflict: true });
export const INCIDENT_STATES = allOf<IncidentState>({ open: true, recovered: true, acknowledged: true });
export const ADDRESS_DRIVERS = allOf<AddressDriver>({ zk: true, 'node-zklib': true });
export const TRANSPORTS = allOf<Transport>({ tcp: true, udp: true });
export const NAME_ENCODINGS = allOf<NameEncoding>({
  auto: true,
  'utf-8': true,
  gbk: true,
  'windows-1256': true,
  latin1: true,
});
export const EMULATED_PROFILES = allOf<AifaceProfileName>({
  ai06: true,
  topdata: true,
  tfs30: true,
  'quiet-end': true,
  'dialect-b': true,
});
