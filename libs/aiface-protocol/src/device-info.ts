import { parseWallTime, type WallTime } from '@app/kernel';
import { type Fields, integerField, textField } from './json.js';

/** What a terminal counts of itself. Undefined: it does not count that, which is not 0. */
export interface AifaceCounters {
  readonly users?: number;
  readonly fingerprints?: number;
  readonly faces?: number;
  readonly palms?: number;
  readonly cards?: number;
  readonly pins?: number;
  readonly punches?: number;
  /** Punches that no server has taken yet. */
  readonly newPunches?: number;
}

/** How many it can hold. Undefined: not told. */
export type AifaceCapacity = Omit<AifaceCounters, 'newPunches'>;

/** What a terminal says of itself when it registers. */
export interface DeviceInfo {
  readonly model?: string;
  readonly firmware?: string;
  /** Fingerprints of different algorithms cannot be exchanged. */
  readonly fingerprintAlgorithm?: string;
  readonly mac?: string;
  /** What its clock shows. */
  readonly time?: WallTime;
  readonly counters: AifaceCounters;
  readonly capacity: AifaceCapacity;
}

/** Reads `devinfo` of a registration; unknown and broken fields are left out. */
export function decodeDeviceInfo(info: Fields): DeviceInfo {
  return {
    model: textField(info, 'modelname')?.trim() || undefined,
    firmware: textField(info, 'firmware')?.trim() || undefined,
    fingerprintAlgorithm: textField(info, 'fpalgo')?.trim() || undefined,
    mac: textField(info, 'mac')?.trim() || undefined,
    time: parseWallTime(textField(info, 'time')?.trim() ?? ''),
    counters: decodeCounters(info),
    capacity: decodeCapacity(info),
  };
}

/** The counters of a `devinfo`, or of a reply to `getdevcap`. */
export function decodeCounters(fields: Fields): AifaceCounters {
  return {
    users: countOf(fields, 'useduser'),
    fingerprints: countOf(fields, 'usedfp'),
    faces: countOf(fields, 'usedface'),
    palms: countOf(fields, 'usedpalm'),
    cards: countOf(fields, 'usedcard'),
    pins: countOf(fields, 'usedpwd'),
    punches: countOf(fields, 'usedlog'),
    newPunches: countOf(fields, 'usednewlog'),
  };
}

/** The capacities of a `devinfo`, or of a reply to `getdevcap`. */
export function decodeCapacity(fields: Fields): AifaceCapacity {
  return {
    users: countOf(fields, 'usersize'),
    fingerprints: countOf(fields, 'fpsize'),
    faces: countOf(fields, 'facesize'),
    palms: countOf(fields, 'palmsize'),
    cards: countOf(fields, 'cardsize'),
    pins: countOf(fields, 'pwdsize'),
    punches: countOf(fields, 'logsize'),
  };
}

function countOf(fields: Fields, key: string): number | undefined {
  const count = integerField(fields, key);
  return count !== undefined && count >= 0 ? count : undefined;
}
