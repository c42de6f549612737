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

/** The slots of a terminal that have an owner. */
export class TakenSlots {
  private readonly taken: Set<number>;
  private highest = 0;

  constructor(taken: Iterable<number>) {
    this.taken = new Set(taken);
    for (const slot of this.taken) this.highest = Math.max(this.highest, slot);
  }

  /**
   * The wanted slot if it is free; else the one behind the highest, as all libraries do it: a slot in between may be that of
   * somebody who was deleted, whose punches an old terminal knows by the slot alone.
   * @throws {UnwritableValueError} there is none
   */
  free(wanted: number): number {
    if (wanted > 0 && !this.taken.has(wanted)) return wanted;
    if (this.highest < HIGHEST_SLOT) return this.highest + 1;
    for (let free = 1; free <= HIGHEST_SLOT; free += 1) if (!this.taken.has(free)) return free;
    throw new UnwritableValueError(`All ${HIGHEST_SLOT} slots of the terminal are taken; delete somebody first`);
  }

  take(slot: number): void {
    this.taken.add(slot);
    this.highest = Math.max(this.highest, slot);
  }
}

/** As TakenSlots.free. @throws {UnwritableValueError} */
export function freeSlot(records: readonly UserRecord[], wanted: number): number {
  return new TakenSlots(records.map((record) => record.slot)).free(wanted);
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
  const plain = templates.filter(({ flag }) => flag === UPLOADED_FLAG);
  const flagged = templates.filter(({ flag }) => flag !== UPLOADED_FLAG);
  const user = plain.length === 0 ? [encodeUserWrite(record)] : uploadingWrites(record, plain);
  return [...user, ...flagged.flatMap((template) => templateWrites(record, template))];
}

/**
 * What makes `after` out of a user who is there, and deletes nothing. Only an upload (110) takes the place of a template that
 * is there: 87 wants its finger to be free, and freeing one is a command that some firmware takes for more than one finger.
 */
export function mergingWrites(before: ZkUser, { record, templates }: ZkUser): ZkWrite[] {
  const held = new Map(before.templates.map((template) => [template.finger, template]));
  const added = templates.filter(({ finger }) => !held.has(finger));
  const replaced = templates.filter((template) => {
    const now = held.get(template.finger);
    return now !== undefined && !sameTemplate(now, template);
  });
  const user = replaced.length > 0 ? uploadingWrites(record, replaced) : [encodeUserWrite(record)];
  const isUserTheSame = replaced.length === 0 && record.equals(before.record);
  return [...(isUserTheSame ? [] : user), ...added.flatMap((template) => templateWrites(record, template))];
}

/** Whether a finger is enrolled alike. */
export function sameTemplate(one: ZkTemplate, other: ZkTemplate): boolean {
  return one.flag === other.flag && one.template.equals(other.template);
}

type ZkTemplate = ZkUser['templates'][number];

function uploadingWrites(record: Buffer, templates: readonly ZkTemplate[]): ZkWrite[] {
  const owner = slot(record.readUInt16LE(0));
  const owned = templates.map((template) => ({ ...template, slot: owner }));
  return [encodeFreeBuffer(), ...encodeUpload(encodeUserUpload({ record, templates: owned })), encodeSaveUpload()];
}

function templateWrites(record: Buffer, template: ZkTemplate): ZkWrite[] {
  const owned = { ...template, slot: slot(record.readUInt16LE(0)) };
  return [...encodeUpload(template.template), encodeTemplateWrite(owned), encodeFreeBuffer()];
}
