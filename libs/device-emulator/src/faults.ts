/** Where in a conversation a fault strikes: what the terminal was asked. */
export const PROTOCOL_STEPS = [
  'connect',
  'auth',
  'option',
  'version',
  'counters',
  'bulk',
  'chunk',
  'release',
  'time',
  'exit',
] as const;

/** The same of writes; no reader ever comes to one of them. */
export const WRITE_STEPS = [
  'disable',
  'enable',
  'user-write',
  'user-delete',
  'upload',
  'upload-data',
  'upload-save',
  'template-write',
  'refresh',
] as const;
export type ProtocolStep = (typeof PROTOCOL_STEPS)[number] | (typeof WRITE_STEPS)[number];

/** What goes wrong with the answer to a request. */
export type AnswerEffect =
  | { readonly kind: 'silence' }
  /** It is not done, and the answer says so. */
  | { readonly kind: 'refuse'; readonly code: number }
  /** It is not done; what becomes of the answer is another matter. */
  | { readonly kind: 'unheeded'; readonly answer: 'ok' | 'silence' | 'drop' }
  /** The connection is dropped instead of an answer. */
  | { readonly kind: 'drop' }
  /** The connection is closed in order instead of an answer. */
  | { readonly kind: 'close' }
  /** The first packets go out, then the connection is dropped. */
  | { readonly kind: 'drop-midway' }
  /** One packet of the answer never leaves: the first, or the last. */
  | { readonly kind: 'lose'; readonly packet: 'first' | 'last' }
  | { readonly kind: 'duplicate'; readonly packet: 'first' | 'last' }
  /** One bit of the first packet is flipped, after its checksum was made. */
  | { readonly kind: 'damage' }
  /** The first packet is cut after so many bytes, and the connection closed. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** The first packet is cut after so many bytes, and silence follows. */
  | { readonly kind: 'cut-silence'; readonly afterBytes: number }
  | { readonly kind: 'wrong-reply-number' }
  | { readonly kind: 'wrong-checksum' }
  /** The packets go out in the reverse order. */
  | { readonly kind: 'reverse' }
  /** Only an ACK_OK, with nothing behind it. */
  | { readonly kind: 'early-ack' }
  /** The last data packet has eight bytes too many. */
  | { readonly kind: 'extra-data' }
  /** The last data packet lacks its last byte. */
  | { readonly kind: 'short-data' }
  /** This code instead of an answer; with some data when `withData`. */
  | { readonly kind: 'code'; readonly code: number; readonly withData?: boolean }
  /** A punch event comes before the answer. */
  | { readonly kind: 'event-first' }
  /** All packets in one segment (TCP). */
  | { readonly kind: 'coalesce' }
  /** Every byte a segment of its own (TCP). */
  | { readonly kind: 'every-byte' }
  /** A byte at a time with a pause after each, for ever slower than anyone waits (TCP). */
  | { readonly kind: 'slow-bytes'; readonly pauseMs: number }
  /** Bytes of another protocol before the answer (TCP). */
  | { readonly kind: 'junk' }
  /** A length field that no packet can have (TCP). */
  | { readonly kind: 'absurd-length' }
  /** The answer is held back and sent when the next request arrives. */
  | { readonly kind: 'late' };

/** An effect on the answers to one kind of request: to the n-th since it was set (from 1), or to every one. */
export interface AnswerFault {
  readonly step: ProtocolStep;
  readonly nth?: number;
  readonly effect: AnswerEffect;
}

/** What a terminal says that is not so, in packets that are perfectly well formed. */
export interface Lies {
  /** Added to the user counter. */
  readonly userCounter?: number;
  /** Added to the user counter from its second reading on (since this was set): somebody enrols during the read. */
  readonly userCounterLater?: number;
  /** Added to the length word of a set. */
  readonly setTotal?: number;
  /** Added to the size that a bulk read announces. */
  readonly announcedSize?: number;
  /** Added to the size that a chunk announces. */
  readonly chunkSize?: number;
  /** Bytes cut off the end of the user set; its length word agrees. */
  readonly cutSetBytes?: number;
  /** Added to the punch counter. */
  readonly punchCounter?: number;
  /** Bytes cut off the end of the punch log; its length word agrees. */
  readonly cutPunchBytes?: number;
  /** Added to the counter of the operation log. */
  readonly operationCounter?: number;
  /** Bytes cut off the end of the operation log; its length word agrees. */
  readonly cutOperationBytes?: number;
  /** The second user has the slot of the first. */
  readonly duplicateSlot?: boolean;
  /** The second user has the ID of the first. */
  readonly duplicateUserId?: boolean;
  /** The user list is empty, the counter is not. */
  readonly emptyList?: boolean;
  /** Another serial number. */
  readonly serialNumber?: string;
}

/** Behaviours that differ between honest terminals. */
export interface Habits {
  /** `name==value` in answers to option requests. */
  readonly doubledEquals?: boolean;
  /** The answer to a bulk read of nothing. */
  readonly emptySetCode?: number;
  /** The session id in every packet instead of a packet index. */
  readonly constantSessionField?: boolean;
  /** No buffered reads: 1503 is unknown, the old direct form works. */
  readonly noBufferedRead?: boolean;
  /** It refuses to give its operation log, with this code. */
  readonly operationLogCode?: number;
  /** A bulk read of this many bytes or fewer is answered directly; 1024 on faithful ones. */
  readonly directBytes?: number;
  /** A chunk comes as one DATA packet without announcement. */
  readonly bareChunks?: boolean;
  /** Left-overs of longer texts behind the NUL. */
  readonly junkAfterNul?: boolean;
  /** Names that are written keep no more bytes than this; nothing is said about it. */
  readonly storedNameBytes?: number;
}

/** What a test changes about a terminal; the rest stays faithful. */
export interface ZkFaults {
  readonly answers?: readonly AnswerFault[];
  readonly lies?: Lies;
  readonly habits?: Habits;
}

/** A named fault for tests that try them all. */
export interface CataloguedFault {
  readonly name: string;
  readonly faults: ZkFaults;
  /** Whether the only right end is an error; otherwise the right list is right too. */
  readonly mustFail: boolean;
}

const EFFECTS: readonly AnswerEffect[] = [
  { kind: 'silence' },
  { kind: 'drop' },
  { kind: 'close' },
  { kind: 'drop-midway' },
  { kind: 'lose', packet: 'first' },
  { kind: 'lose', packet: 'last' },
  { kind: 'duplicate', packet: 'first' },
  { kind: 'duplicate', packet: 'last' },
  { kind: 'damage' },
  { kind: 'cut', afterBytes: 11 },
  { kind: 'cut-silence', afterBytes: 11 },
  { kind: 'wrong-reply-number' },
  { kind: 'wrong-checksum' },
  { kind: 'reverse' },
  { kind: 'early-ack' },
  { kind: 'extra-data' },
  { kind: 'short-data' },
  { kind: 'code', code: 2001 },
  { kind: 'code', code: 2005 },
  { kind: 'code', code: 4989 },
  { kind: 'code', code: 6001 },
  { kind: 'code', code: 65_535 },
  { kind: 'code', code: 2001, withData: true },
  { kind: 'event-first' },
  { kind: 'coalesce' },
  { kind: 'every-byte' },
  { kind: 'slow-bytes', pauseMs: 1_000 },
  { kind: 'junk' },
  { kind: 'absurd-length' },
  { kind: 'late' },
];

const LIES: Readonly<Record<string, Lies>> = {
  'counter one too high': { userCounter: 1 },
  'counter one too low': { userCounter: -1 },
  'counter of nothing': { userCounter: -1_000_000 },
  'counter changes during the read': { userCounterLater: 1 },
  'set longer than its bytes': { setTotal: 72 },
  'set shorter than its bytes': { setTotal: -72 },
  'bulk announces too much': { announcedSize: 72 },
  'bulk announces too little': { announcedSize: -72 },
  'bulk announces gigabytes': { announcedSize: 2_000_000_000 },
  'chunk announces too much': { chunkSize: 8 },
  'chunk announces too little': { chunkSize: -8 },
  'no whole number of records': { cutSetBytes: 1 },
  'one record missing': { cutSetBytes: 72 },
  'a slot twice': { duplicateSlot: true },
  'a user ID twice': { duplicateUserId: true },
  'an empty list': { emptyList: true },
  'another serial number': { serialNumber: 'SOMEONE-ELSE' },
};

/** Every effect at every step, and every lie. */
export function faultCatalogue(): CataloguedFault[] {
  const answers = PROTOCOL_STEPS.flatMap((step) =>
    EFFECTS.map((effect) => ({
      name: `${nameOf(effect)} at ${step}`,
      faults: { answers: [{ step, effect }] },
      mustFail: false,
    })),
  );
  const lies = Object.entries(LIES).map(([name, told]) => ({ name, faults: { lies: told }, mustFail: true }));
  return [...answers, ...lies];
}

function nameOf(effect: AnswerEffect): string {
  const { kind, ...rest } = effect;
  return [kind, ...Object.values(rest)].join(' ');
}
