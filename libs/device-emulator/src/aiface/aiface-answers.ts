import { BackupNumber, type Fields } from '@app/aiface-protocol';
import { formatWallTime, type WallTime } from '@app/kernel';
import { type AifaceFaults } from './aiface-faults.js';
import { type EmulatedAifaceUser } from './aiface-people.js';
import { type AifaceProfile } from './aiface-profiles.js';
import { type AifaceState, idForWire, logEntryOf, OBEYED } from './aiface-state.js';

const LOG_PAGE = 50;

/** What the answers need of the terminal. */
export interface AnswerHost {
  readonly serialNumber: string;
  faults(): AifaceFaults;
  time(): WallTime;
  /** Somebody enrols at the keypad in between. */
  enrol(user: EmulatedAifaceUser): void;
}

/** The replies of one connection: its cursors die with it. */
export class AifaceAnswers {
  private users: Page[] = [];
  private log: Page[] = [];
  private counterReads = 0;

  constructor(
    private readonly state: AifaceState,
    private readonly profile: AifaceProfile,
    private readonly host: AnswerHost,
  ) {}

  /** Begins to count anew how often the counters were read. */
  forget(): void {
    this.counterReads = 0;
  }

  /** The counters as they are told. @param counts whether this reading is one of those that a lie counts */
  counters(counts = true): Record<string, number> {
    const { lies = {} } = this.host.faults();
    if (counts) this.counterReads += 1;
    const told = this.state.counters();
    const later = this.counterReads > 1 ? (lies.userCounterLater ?? 0) : 0;
    return {
      ...told,
      useduser: told.useduser + (lies.userCounter ?? 0) + later,
      usedface: told.usedface + (lies.credentialCounters ?? 0),
      usedcard: told.usedcard + (lies.credentialCounters ?? 0),
      usedlog: told.usedlog + (lies.logCounter ?? 0),
    };
  }

  /** Undefined: it is silent. */
  reply(command: string, request: Fields): Fields | undefined {
    const contents = this.contentsOf(command, request);
    return contents && { ret: command, sn: this.host.serialNumber, ...contents };
  }

  private contentsOf(command: string, request: Fields): Fields | undefined {
    const { knows } = this.profile;
    switch (command) {
      case 'getdevcap':
        return knows.counters ? { result: true, ...this.state.capacity(), ...this.counters() } : this.unknown();
      case 'getuserids':
        return knows.allIds ? this.allIds() : this.unknown();
      case 'getuserlist':
        return this.userPage(request);
      case 'getuserinfo':
        return this.userInfo(request);
      case 'getusername':
        return this.userName(request);
      case 'getalllog':
        return this.logPage(request);
      case 'gettime':
        return { time: formatWallTime(this.host.time()) };
      default:
        if (!OBEYED.has(command)) return this.unknown();
        return this.state.obey(command, request, this.host.faults().lies?.storedNameBytes)
          ? { result: true, enrollid: request.enrollid }
          : { result: false, reason: 1 };
    }
  }

  private unknown(): Fields | undefined {
    return this.profile.unknown === 'silence' ? undefined : { result: false, msg: 'can not find this command' };
  }

  private allIds(): Fields {
    const record = this.state.users().map(({ enrollId }) => idForWire(enrollId));
    return { result: true, count: record.length, record };
  }

  private userPage({ stn, page, pagesize }: Fields): Fields | undefined {
    const { dialect, pageSize, adminAsText, end } = this.profile;
    const isNumbered = typeof page === 'number';
    if (isNumbered !== (dialect === 'B')) return { result: false, reason: 1 };
    const { lies = {} } = this.host.faults();
    if (stn === true || page === 1) {
      const list = this.state.list();
      const told = lies.repeatedRecord && list.length > 1 ? [list[0], list[0], ...list.slice(2)] : list;
      const records = told.map((entry) => (adminAsText ? { ...entry, admin: String(entry.admin) } : entry));
      this.users = this.mischief(
        pagesOf(lies.emptyList ? [] : records, isNumbered ? Number(pagesize) : pageSize, this.profile),
      );
    }
    const isFirst = stn === true || page === 1;
    const next = this.users.shift();
    if (isFirst && lies.enrolsMeanwhile) {
      this.host.enrol({
        enrollId: '777777',
        name: 'Late',
        admin: 0,
        enabled: true,
        credentials: new Map([[BackupNumber.CARD, 7]]),
      });
    }
    if (!next && end === 'silence' && !isFirst) return undefined;
    const { count, ...rest } = next ?? { count: 0, from: 0, to: 0, record: [] };
    const told = { result: true, ...rest, count: next ? count + (lies.pageCount ?? 0) : count };
    if (!isNumbered) return told;
    return { result: told.result, page, count: told.count, record: told.record };
  }

  /** Pages that are lost, repeated, swapped or cut. */
  private mischief(pages: Page[]): Page[] {
    const { lies = {} } = this.host.faults();
    const { withheldPage, repeatedPage, swappedPage, shortPage, honestlyShortPage, onePageOnly } = lies;
    let told = pages;
    if (onePageOnly) told = told.slice(0, 1);
    if (withheldPage !== undefined) told = told.filter((_, i) => i !== withheldPage - 1);
    if (repeatedPage !== undefined) told = told.flatMap((page, i) => (i === repeatedPage - 1 ? [page, page] : [page]));
    if (swappedPage !== undefined && swappedPage < told.length) {
      const [one, two] = [told[swappedPage - 1], told[swappedPage]];
      told = told.with(swappedPage - 1, two).with(swappedPage, one);
    }
    return told.map((page, i) => {
      if (i === (shortPage ?? 0) - 1) return { ...page, record: page.record.slice(0, -1) };
      if (i !== (honestlyShortPage ?? 0) - 1) return page;
      const record = page.record.slice(0, -1);
      return {
        ...page,
        record,
        count: page.count === page.record.length ? record.length : page.count,
        to: page.to - 1,
      };
    });
  }

  private userInfo({ enrollid, backupnum }: Fields): Fields {
    const user = this.state.find(enrollid);
    if (!user) return { enrollid, result: false, reason: 1, msg: 'can not find the user' };
    const { name, admin, enabled } = user;
    const about = { enrollid: idForWire(user.enrollId), name, admin };
    if (backupnum === undefined) {
      return this.profile.givesProfile
        ? { result: true, ...about, enable: enabled ? 1 : 0, ...user.profile }
        : { result: false, reason: 1 };
    }
    const record = user.credentials.get(Number(backupnum));
    if (record === undefined) return { result: false, reason: 1, msg: 'have no data' };
    return { result: true, ...about, backupnum, record };
  }

  private userName({ enrollid }: Fields): Fields {
    const user = this.state.find(enrollid);
    return user ? { result: true, record: user.name } : { result: false, reason: 1 };
  }

  private logPage({ stn, from, to }: Fields): Fields {
    if (stn === true) {
      const within = this.state.log
        .map(({ punch }) => punch)
        .filter(({ time }) => {
          const day = formatWallTime(time).slice(0, 10);
          return (typeof from !== 'string' || day >= from) && (typeof to !== 'string' || day <= to);
        })
        .map((punch) => logEntryOf(punch));
      const { lies = {} } = this.host.faults();
      const told = within.slice(0, within.length - (lies.cutLog ?? 0));
      this.log = pagesOf(told, LOG_PAGE, { ...this.profile, count: 'total' });
    }
    return { result: true, ...(this.log.shift() ?? { count: 0, from: 0, to: 0, record: [] }) };
  }
}

interface Page {
  readonly count: number;
  readonly from: number;
  readonly to: number;
  readonly record: readonly unknown[];
}

function pagesOf(
  records: readonly unknown[],
  size: number,
  { count, to }: Pick<AifaceProfile, 'count' | 'to'>,
): Page[] {
  const pages: Page[] = [];
  for (let from = 0; from < records.length; from += size) {
    const record = records.slice(from, from + size);
    const last = from + record.length - (to === 'inclusive' ? 1 : 0);
    pages.push({ count: count === 'total' ? records.length : record.length, from, to: last, record });
  }
  return pages;
}
