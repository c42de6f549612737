export const LIVE_EVENT_TYPES = ['run', 'incident', 'count', 'operation', 'device'] as const;
export type LiveEventType = (typeof LIVE_EVENT_TYPES)[number];

/**
 * Where an event stands among all of them: by the transaction that wrote it, then by its row. Two places compare as
 * their numbers do, the transaction first.
 */
export interface EventPlace {
  readonly xid: bigint;
  readonly id: bigint;
}

/** Something that happened, as readers are told: small, and without anything that a viewer may not see. */
export interface LiveEvent {
  readonly place: EventPlace;
  readonly type: LiveEventType;
  /** `started`, `finished`, `withdrawn`; `opened`, `changed`, `closed`; `intended`, `settled`; `failing`, `paused`, `recovered`. */
  readonly event: string;
  readonly deviceId: string;
  readonly happenedAt: Date;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Which events a reader wants; what is undefined does not matter. */
export interface EventFilter {
  readonly types?: readonly LiveEventType[];
  readonly deviceId?: string;
}

/** A place, and the numbering of transactions that it belongs to. */
export interface Bookmark {
  readonly epoch: string;
  readonly place: EventPlace;
}

const BOOKMARK = /^([0-9a-f]{8})-(\d{1,18})-(\d{1,18})$/;

/** Negative: `a` comes before `b`; 0: they are the same. */
export function comparePlaces(a: EventPlace, b: EventPlace): number {
  const difference = a.xid === b.xid ? a.id - b.id : a.xid - b.xid;
  return difference < 0n ? -1 : Number(difference > 0n);
}

/** The id of an event, with which a reader goes on. */
export function formatBookmark({ epoch, place }: Bookmark): string {
  return `${epoch}-${place.xid}-${place.id}`;
}

/** What formatBookmark wrote; undefined: it did not write that. */
export function parseBookmark(text: string): Bookmark | undefined {
  const [, epoch, xid, id] = BOOKMARK.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, place: { xid: BigInt(xid), id: BigInt(id) } };
}

export function matches({ types, deviceId }: EventFilter, event: LiveEvent): boolean {
  return (types === undefined || types.includes(event.type)) && (deviceId === undefined || deviceId === event.deviceId);
}
