/** Where in a conversation a fault strikes: what the terminal was asked. */
export const AIFACE_STEPS = ['reg', 'counters', 'list', 'ids', 'info', 'name', 'log', 'time'] as const;

/** The same of writes; no reader ever comes to one of them. */
export const AIFACE_WRITE_STEPS = ['set', 'delete', 'enable'] as const;
export type AifaceWriteStep = (typeof AIFACE_WRITE_STEPS)[number];
export type AifaceStep = (typeof AIFACE_STEPS)[number] | AifaceWriteStep;

/** What goes wrong with a reply. */
export type AifaceEffect =
  | { readonly kind: 'silence' }
  /** A write is not done, and the reply says so. */
  | { readonly kind: 'decline'; readonly reason?: number; readonly text?: string }
  /** A write is not done; what becomes of the reply is another matter. */
  | { readonly kind: 'unheeded'; readonly reply: 'ok' | 'silence' | 'reconnect' }
  /** The connection is dropped instead of a reply, and dialled again. */
  | { readonly kind: 'reconnect' }
  /** The reply goes out, then the connection is dropped. */
  | { readonly kind: 'reply-then-reconnect' }
  | { readonly kind: 'duplicate' }
  /** Held back until the next command has come, and sent before its reply. */
  | { readonly kind: 'late' }
  /** Cut in the middle of its text. */
  | { readonly kind: 'cut' }
  /** `result: false`, whatever was done. */
  | { readonly kind: 'refuse' }
  /** A message without any sense before it. */
  | { readonly kind: 'junk' }
  | { readonly kind: 'not-json' }
  /** A message larger than anything that is true. */
  | { readonly kind: 'oversized' }
  | { readonly kind: 'wrong-serial' }
  /** The reply to another command. */
  | { readonly kind: 'wrong-command' }
  /** Without its list, name or time. */
  | { readonly kind: 'empty' }
  /** Odd, but seen on honest terminals: padded keys, a comma before a bracket, numbers as texts. */
  | { readonly kind: 'odd-json' }
  /** A punch is handed over before the reply. */
  | { readonly kind: 'push-first' }
  /** In several fragments. */
  | { readonly kind: 'fragments' }
  /** As a binary frame. */
  | { readonly kind: 'binary' };

export interface AifaceFault {
  readonly step: AifaceStep;
  /** The n-th since it was set, from 1; unset: every one. */
  readonly nth?: number;
  readonly effect: AifaceEffect;
}

/** What a terminal says that is not so, in messages that are perfectly well formed. */
export interface AifaceLies {
  /** Added to `useduser`. */
  readonly userCounter?: number;
  /** Added to `useduser` from its second reading on. */
  readonly userCounterLater?: number;
  /** Added to the counters of cards and faces. */
  readonly credentialCounters?: number;
  readonly logCounter?: number;
  /** Added to `count` of every page. */
  readonly pageCount?: number;
  /** The first page is empty, the counters are not. */
  readonly emptyList?: boolean;
  /** The list ends after its first page. */
  readonly onePageOnly?: boolean;
  /** The n-th page, from 1, is left out. */
  readonly withheldPage?: number;
  /** The n-th page comes twice. */
  readonly repeatedPage?: number;
  /** The n-th page and the next one come in the wrong order. */
  readonly swappedPage?: number;
  /** The last record of the n-th page is missing; its numbers are not changed. */
  readonly shortPage?: number;
  /** As shortPage, and its numbers agree: only counters can tell. */
  readonly honestlyShortPage?: number;
  /** The second record is that of the first user. */
  readonly repeatedRecord?: boolean;
  /** After the first page somebody else is enrolled, and handed over. */
  readonly enrolsMeanwhile?: boolean;
  /** Names that are written keep no more bytes than this. */
  readonly storedNameBytes?: number;
  /** Log entries left out at the end. */
  readonly cutLog?: number;
}

/** What a test changes about a terminal; the rest stays faithful. */
export interface AifaceFaults {
  readonly replies?: readonly AifaceFault[];
  readonly lies?: AifaceLies;
}

/** A named fault for tests that try them all. */
export interface CataloguedAifaceFault {
  readonly name: string;
  readonly faults: AifaceFaults;
  /** Whether the only right end is an error; otherwise the right list is right too. */
  readonly mustFail: boolean;
}

const EFFECTS: readonly AifaceEffect[] = [
  { kind: 'silence' },
  { kind: 'reconnect' },
  { kind: 'reply-then-reconnect' },
  { kind: 'duplicate' },
  { kind: 'late' },
  { kind: 'cut' },
  { kind: 'refuse' },
  { kind: 'junk' },
  { kind: 'not-json' },
  { kind: 'oversized' },
  { kind: 'wrong-serial' },
  { kind: 'wrong-command' },
  { kind: 'empty' },
  { kind: 'odd-json' },
  { kind: 'push-first' },
  { kind: 'fragments' },
  { kind: 'binary' },
];

const LIES: Readonly<Record<string, AifaceLies>> = {
  'a user counter that is too high': { userCounter: 1 },
  'a user counter that is too low': { userCounter: -1 },
  'a user counter that moves during the read': { userCounterLater: 1 },
  'counters of credentials that are too high': { credentialCounters: 1 },
  'a page count that is too high': { pageCount: 1 },
  'a page count that is too low': { pageCount: -1 },
  'an empty list': { emptyList: true },
  'one page only': { onePageOnly: true },
  'a page withheld': { withheldPage: 2 },
  'the first page withheld': { withheldPage: 1 },
  'a page repeated': { repeatedPage: 1 },
  'pages swapped': { swappedPage: 1 },
  'a short page': { shortPage: 2 },
  'a short page with numbers that agree': { honestlyShortPage: 2 },
  'a record repeated': { repeatedRecord: true },
  'an enrolment during the read': { enrolsMeanwhile: true },
};

/** Every effect at every step, first and later, and every lie. */
export function aifaceFaultCatalogue(): CataloguedAifaceFault[] {
  const replies = AIFACE_STEPS.flatMap((step) =>
    EFFECTS.flatMap((effect) =>
      [undefined, 1, 2].map((nth) => ({
        name: `${effect.kind} at ${nth === undefined ? 'every' : `no. ${nth} of`} ${step}`,
        faults: { replies: [{ step, nth, effect }] },
        mustFail: false,
      })),
    ),
  );
  const lies = Object.entries(LIES).map(([name, told]) => ({ name, faults: { lies: told }, mustFail: true }));
  return [...replies, ...lies];
}
