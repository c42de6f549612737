import { type ZkUserRead } from '@app/device-gateway/sessions';
import { slot } from '@app/kernel';
import {
  encodeFreeBuffer,
  encodeSaveUpload,
  encodeTemplateWrite,
  encodeUpload,
  encodeUserUpload,
  encodeUserWrite,
  UPLOADED_FLAG,
  type UserRecord,
  widthOf,
  type ZkWrite,
} from '@app/zk-protocol';
import { UnwritableValueError } from '../device-writer.errors.js';
import { type ZkUser } from './zk-snapshot.js';

const HIGHEST_SLOT = 65_535;

/**
 * The wanted slot if it is free; else the one behind the highest, as all libraries do it: a slot in between may be that of
 * somebody who was deleted, whose punches an old terminal knows by the slot alone.
 * @throws {UnwritableValueError} there is none
 */
export function freeSlot(records: readonly UserRecord[], wanted: number): number {
  const taken = new Set<number>(records.map((record) => record.slot));
  if (wanted > 0 && !taken.has(wanted)) return wanted;
  const behind = Math.max(0, ...taken) + 1;
  if (behind <= HIGHEST_SLOT) return behind;
  for (let free = 1; free <= HIGHEST_SLOT; free += 1) if (!taken.has(free)) return free;
  throw new UnwritableValueError(`All ${HIGHEST_SLOT} slots of the terminal are taken; delete somebody first`);
}

/** @throws {UnwritableValueError} the terminal is full, or has records of another width */
export function requireRoom({ width, counters }: ZkUserRead, { record, templates }: ZkUser): void {
  const stored = widthOf(record);
  if (width !== undefined && width !== stored) {
    throw new UnwritableValueError(
      `The terminal has user records of ${width} bytes, and this user was stored from one with ${stored}; enrol the user at the terminal`,
      { details: { width, stored } },
    );
  }
  requireCapacity('users', counters.users, 1, counters.userCapacity);
  requireCapacity('fingerprints', counters.templates ?? 0, templates.length, counters.templateCapacity);
}

/** A capacity of 0 is none: the terminal does not tell it. */
function requireCapacity(what: string, held: number, added: number, capacity = 0): void {
  if (capacity === 0 || added === 0 || held + added <= capacity) return;
  throw new UnwritableValueError(
    `The terminal holds ${held} ${what} of at most ${capacity}, and ${added} would be added; delete somebody first`,
    { details: { held, added, capacity } },
  );
}

/**
 * What makes an absent user. A user without templates is one record. One with templates goes up as a whole (110), so that there is
 * one moment at which the user comes to be; only templates that are not plainly valid follow one by one, since the table
 * of 110 has no place for their flag.
 */
export function restoringWrites({ record, templates }: ZkUser): ZkWrite[] {
  const owner = slot(record.readUInt16LE(0));
  const owned = templates.map((template) => ({ ...template, slot: owner }));
  const plain = owned.filter(({ flag }) => flag === UPLOADED_FLAG);
  const flagged = owned.filter(({ flag }) => flag !== UPLOADED_FLAG);
  const user =
    plain.length === 0
      ? [encodeUserWrite(record)]
      : [encodeFreeBuffer(), ...encodeUpload(encodeUserUpload({ record, templates: plain })), encodeSaveUpload()];
  const rest = flagged.flatMap((template) => [
    ...encodeUpload(template.template),
    encodeTemplateWrite(template),
    encodeFreeBuffer(),
  ]);
  return [...user, ...rest];
}
