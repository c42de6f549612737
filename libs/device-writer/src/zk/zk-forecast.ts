import { type NameEncoding } from '@app/device-gateway';
import {
  decodeUserRecord,
  graftUserRecord,
  moveUserRecord,
  patchUserRecord,
  UPLOADED_FLAG,
  widthOf,
} from '@app/zk-protocol';
import { UnwritableValueError } from '../device-writer.errors.js';
import { type ForecastRules, type ForecastUser, RefusedRestore } from '../forecast-rules.js';
import { type UserSnapshot } from '../user-snapshot.js';
import { sameTemplate, TakenSlots } from './zk-restore.js';
import { decodeZkUser, type ZkUser, zkSnapshot } from './zk-snapshot.js';

const HIGHEST_FINGER = 9;
const LONGEST_TEMPLATE_BYTES = 0xffff - 6;

/** What ZK terminals make of a snapshot. */
export class ZkForecast implements ForecastRules {
  private readonly slots: TakenSlots;

  constructor(
    /** The width of its records in bytes; null: it has none that would tell. */
    private readonly recordWidth: number | null,
    private readonly encoding: NameEncoding,
    takenSlots: Iterable<number>,
  ) {
    this.slots = new TakenSlots(takenSlots);
  }

  create(wanted: UserSnapshot): ForecastUser {
    const { depth, record, templates: stored } = this.userOf(wanted);
    const templates = depth === 'everything' ? stored : [];
    const kept = depth === 'everything' ? record : patchUserRecord(record, { pin: 'none' });
    const moved = moveUserRecord(kept, this.freeSlot(record.readUInt16LE(0)));
    const after = this.snapshot({ depth: 'everything', record: moved, templates });
    return { after, credentialsAdded: after.credentials.length, credentialsReplaced: 0 };
  }

  update(before: UserSnapshot, wanted: UserSnapshot): ForecastUser {
    const held = decodeZkUser(before.bytes);
    const { depth, record, templates: stored } = this.userOf(wanted);
    const templates = depth === 'everything' ? stored : [];
    const [now, then] = [held.record, record].map((bytes) => decodeUserRecord(bytes, widthOf(bytes)));
    const keep = { pin: depth === 'attributes' || then.password.length === 0, card: then.card === 0 };
    const fingers = new Map(held.templates.map((template) => [template.finger, template]));
    let [added, replaced] = [0, 0];
    const count = (isHeld: boolean): void => void (isHeld ? (replaced += 1) : (added += 1));
    if (!keep.pin && !now.password.equals(then.password)) count(now.password.length > 0);
    if (!keep.card && now.card !== then.card) count(now.card !== 0);
    for (const template of templates) {
      const other = fingers.get(template.finger);
      if (other && sameTemplate(other, template)) continue;
      if (other) requireReplaceable(before, template);
      count(other !== undefined);
      fingers.set(template.finger, template);
    }
    const after = this.snapshot({
      depth: 'everything',
      record: graftUserRecord(held.record, record, keep),
      templates: [...fingers.values()],
    });
    return { after, credentialsAdded: added, credentialsReplaced: replaced };
  }

  take({ user: { slot } }: UserSnapshot): void {
    if (slot !== null) this.slots.take(slot);
  }

  private freeSlot(wanted: number): number {
    try {
      return this.slots.free(wanted);
    } catch (error) {
      if (error instanceof UnwritableValueError) throw new RefusedRestore('no-room', error.message);
      throw error;
    }
  }

  private userOf({ bytes, user: { deviceUserId } }: UserSnapshot): ZkUser {
    const user = decodeZkUser(bytes);
    const stored = widthOf(user.record);
    if (this.recordWidth !== null && stored !== this.recordWidth) {
      throw new RefusedRestore(
        'other-record-width',
        `The terminal has user records of ${this.recordWidth} bytes, and user ${deviceUserId} was stored from one with ${stored}; ` +
          'enrol the user at the terminal',
      );
    }
    for (const { finger, template } of user.templates) {
      if (finger <= HIGHEST_FINGER && template.length > 0 && template.length <= LONGEST_TEMPLATE_BYTES) continue;
      throw new RefusedRestore(
        'unwritable',
        `A template of user ${deviceUserId} has ${template.length} bytes for finger ${finger}; terminals take 1 to ` +
          `${LONGEST_TEMPLATE_BYTES} bytes for the fingers 0 to ${HIGHEST_FINGER}, so enrol the finger at the terminal`,
      );
    }
    return user;
  }

  private snapshot(user: ZkUser): UserSnapshot {
    return zkSnapshot(user, this.encoding);
  }
}

/** A finger that is taken is overwritten by an upload, which has no place for a flag. */
function requireReplaceable({ user: { deviceUserId } }: UserSnapshot, template: ZkUser['templates'][number]): void {
  if (template.flag === UPLOADED_FLAG) return;
  throw new RefusedRestore(
    'unwritable',
    `Finger ${template.finger} of user ${deviceUserId} is enrolled with another template, and the stored one has flag ${template.flag}, ` +
      `which terminals take for a free finger only (${UPLOADED_FLAG} can be overwritten); delete that finger at the terminal first`,
  );
}
