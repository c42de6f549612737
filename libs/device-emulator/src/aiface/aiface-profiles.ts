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
  /** Whether `setuserinfo` takes attributes without a credential. */
  readonly takesProfiles: boolean;
  /** What `deleteuser` with 12 and with 13 deletes, of which the documents say different things (12, no. 5). */
  readonly deletes: {
    readonly 12: 'fingerprints' | 'everything';
    readonly 13: 'everything' | 'all-but-biometrics';
  };
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
  takesProfiles: true,
  deletes: { 12: 'fingerprints', 13: 'everything' },
};

/** The profiles that an emulated terminal can have, by name; `ai06` is the reference device. */
export const AIFACE_PROFILES = {
  ai06: AI06,
  topdata: {
    ...AI06,
    firmware: 'ai518_fp26v_v2.16',
    count: 'total',
    knows: { counters: true, allIds: false },
    deletes: { 12: 'everything', 13: 'all-but-biometrics' },
  },
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
    takesProfiles: false,
  },
  'quiet-end': { ...AI06, firmware: 'ai806_f06v_v4.90', end: 'silence', pageSize: 17, takesProfiles: false },
  'dialect-b': { ...AI06, firmware: 'ai806_fp50h_v5.30', dialect: 'B', count: 'total' },
} as const satisfies Record<string, AifaceProfile>;
export type AifaceProfileName = keyof typeof AIFACE_PROFILES;
