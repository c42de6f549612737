/** How a firmware behaves where firmware differs (aiface-protocol 11.2). */
export interface AifaceProfile {
  readonly model: string;
  readonly firmware: string;
  /** `A`: pages by `stn`. `B`: by page numbers. */
  readonly dialect: 'A' | 'B';
  /** What `count` of a page of users is. */
  readonly count: 'page' | 'total';
  /** Whether `to` is the last record or the one behind it. */
  readonly to: 'inclusive' | 'exclusive';
  /** What follows the last page. */
  readonly end: 'empty-page' | 'total-reached' | 'silence';
  readonly knows: { readonly counters: boolean; readonly allIds: boolean };
  /** What an unknown command gets. */
  readonly unknown: 'refusal' | 'silence';
  /** Whether an acknowledgement needs `mark`. */
  readonly needsMark: boolean;
  readonly pageSize: number;
  /** `admin` in lists as a text. */
  readonly adminAsText: boolean;
  /** Whether `getuserinfo` without `backupnum` gives the profile. */
  readonly givesProfile: boolean;
}

const AI06: AifaceProfile = {
  model: 'AiFace',
  firmware: 'ai806_f06v_v5.17',
  dialect: 'A',
  count: 'page',
  to: 'inclusive',
  end: 'empty-page',
  knows: { counters: true, allIds: true },
  unknown: 'refusal',
  needsMark: true,
  pageSize: 40,
  adminAsText: false,
  givesProfile: true,
};

/** The profiles that an emulated terminal can have, by name; `ai06` is the reference device. */
export const AIFACE_PROFILES = {
  ai06: AI06,
  topdata: { ...AI06, firmware: 'ai518_fp26v_v2.16', count: 'total', knows: { counters: true, allIds: false } },
  tfs30: {
    ...AI06,
    model: 'tfs30',
    firmware: 'TH900_click V5.0',
    count: 'total',
    to: 'exclusive',
    end: 'total-reached',
    knows: { counters: false, allIds: false },
    unknown: 'silence',
    needsMark: false,
    adminAsText: true,
    givesProfile: false,
  },
  'quiet-end': { ...AI06, firmware: 'ai806_f06v_v4.90', end: 'silence', pageSize: 17 },
  'dialect-b': { ...AI06, firmware: 'ai806_fp50h_v5.30', dialect: 'B', count: 'total' },
} as const satisfies Record<string, AifaceProfile>;
export type AifaceProfileName = keyof typeof AIFACE_PROFILES;
