import { type DeviceUserId, parseWallTime, type WallTime } from '@app/kernel';
import { DEVICE_ITSELF, enrollIdOf, STRANGER } from './enroll-id.js';
import { AifaceFormatError } from './errors.js';
import { field, type Fields, integerField, isFields, textField } from './json.js';

/** An entry of the log of a terminal. Pictures are dropped: they come unasked, of strangers too. */
export type LogRecord =
  | ({ readonly kind: 'punch'; readonly enrollId: DeviceUserId } & LogEntry)
  | ({ readonly kind: 'stranger' } & LogEntry)
  | ({ readonly kind: 'door'; readonly happened: DoorEvent } & LogEntry);

interface LogEntry {
  /** What the terminal's clock showed. */
  readonly time: WallTime;
  /** How somebody was recognised, as the terminal's number; what it means depends on the firmware. */
  readonly mode: number;
  /** 0 in, 1 out; others on some models. */
  readonly inOut: number;
  readonly event: number;
}

const DOOR_EVENTS = [
  'closed',
  'opened',
  'exit button',
  'opened by software',
  'closed by software',
  'forced open',
  'tampered with',
  'alarm input',
] as const;
export type DoorEvent = (typeof DOOR_EVENTS)[number] | 'unknown';

const ALARMING: readonly DoorEvent[] = ['forced open', 'tampered with', 'alarm input'];

/** Whether somebody has to look at the door. */
export function isAlarming(event: DoorEvent): boolean {
  return ALARMING.includes(event);
}

/** @throws {AifaceFormatError} `bad-field`: this is no entry of a log */
export function decodeLogRecord(entry: unknown): LogRecord {
  if (!isFields(entry)) throw new AifaceFormatError('bad-field', 'An entry of a log is not an object');
  const enrollId = enrollIdOf(field(entry, 'enrollid'));
  const time = parseWallTime(textField(entry, 'time')?.trim() ?? '');
  if (enrollId === undefined || time === undefined) {
    const lacks = enrollId === undefined ? 'enrollid' : 'time';
    throw new AifaceFormatError('bad-field', `An entry of a log has no usable ${lacks}`);
  }
  const event = smallNumber(entry, 'event');
  const common = { time, mode: smallNumber(entry, 'mode'), inOut: smallNumber(entry, 'inout'), event };
  if (enrollId === DEVICE_ITSELF) return { kind: 'door', happened: DOOR_EVENTS[event] ?? 'unknown', ...common };
  return enrollId === STRANGER ? { kind: 'stranger', ...common } : { kind: 'punch', enrollId, ...common };
}

const LARGEST_SMALL_NUMBER = 32_767;

/** 0 where it is not told. */
function smallNumber(entry: Fields, key: string): number {
  if (field(entry, key) === undefined) return 0;
  const number = integerField(entry, key);
  if (number !== undefined && number >= 0 && number <= LARGEST_SMALL_NUMBER) return number;
  throw new AifaceFormatError('bad-field', `An entry of a log has no usable ${key}`);
}
