import { describe, expect, it } from '@jest/globals';
import {
  decodeListedCredential,
  decodeLogRecord,
  decodePage,
  type ListedCredential,
  type LogRecord,
  type Page,
  PageCollector,
  PagingError,
  parseFields,
} from '@app/aiface-protocol';
import fc from 'fast-check';
import { codeOf } from '@test/support';

describe('pages', () => {
  interface Numbering {
    readonly to: 'inclusive' | 'exclusive';
    readonly count: 'of the page' | 'of the list';
    readonly end: 'an empty page' | 'the total';
  }
  const NUMBERINGS: Numbering[] = (['inclusive', 'exclusive'] as const).flatMap((to) => [
    { to, count: 'of the page', end: 'an empty page' },
    { to, count: 'of the list', end: 'an empty page' },
    { to, count: 'of the list', end: 'the total' },
  ]);
  type WirePage = { readonly count: number; readonly from: number; readonly to: number; readonly record: unknown[] };
  const EMPTY: WirePage = { count: 0, from: 0, to: 0, record: [] };

  /** Cuts a list into pages of these sizes, over and over, as a terminal of this kind sends them. */
  function pagesOf(list: readonly unknown[], sizes: readonly number[], numbering: Numbering): WirePage[] {
    const pages: WirePage[] = [];
    for (let from = 0; from < list.length; from += pages.at(-1)!.record.length) {
      const record = list.slice(from, from + sizes[pages.length % sizes.length]);
      const count = numbering.count === 'of the list' ? list.length : record.length;
      const to = from + record.length - (numbering.to === 'inclusive' ? 1 : 0);
      pages.push({ count, from, to, record });
    }
    return pages.length === 0 || numbering.end === 'an empty page' ? [...pages, EMPTY] : pages;
  }

  /** Takes pages to their end. Silence after one is an end too, unless a total was announced (aiface-protocol 5.1). */
  function collect<R>(pages: readonly WirePage[], { decode, keyOf }: Kind<R>): readonly R[] | 'refused' {
    const collector = new PageCollector<R>({ limit: 1_000, keyOf });
    try {
      for (const page of pages) {
        if (collector.add(decodePage(parseFields(JSON.stringify(page)), decode))) return collector.records;
      }
    } catch (error) {
      if (!(error instanceof PagingError)) throw error;
      return 'refused';
    }
    return collector.total === undefined ? collector.records : 'refused';
  }

  interface Kind<R> {
    readonly lists: fc.Arbitrary<unknown[]>;
    readonly decode: (entry: unknown) => R;
    readonly keyOf?: (record: R) => string;
  }
  const usersKind: Kind<ListedCredential> = {
    lists: fc.uniqueArray(
      fc.record({
        enrollid: fc.integer({ min: 1, max: 40 }),
        admin: fc.nat({ max: 2 }),
        backupnum: fc.constantFrom(0, 10, 11, 50),
      }),
      { maxLength: 40, size: 'max', selector: ({ enrollid, backupnum }) => `${enrollid}/${backupnum}` },
    ),
    decode: decodeListedCredential,
    keyOf: ({ enrollId, backupNumber }) => `${enrollId}/${backupNumber}`,
  };
  /** Of a log, equal entries may come: only the positions tell. */
  const logKind: Kind<LogRecord> = {
    lists: fc.array(
      fc.record({ enrollid: fc.nat({ max: 3 }), time: fc.constant('2026-01-28 08:02:11'), mode: fc.nat({ max: 1 }) }),
      { maxLength: 40, size: 'max' },
    ),
    decode: decodeLogRecord,
  };
  const sizes = fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 6 });

  /** What can go wrong with the pages of a list; `at` is a page, wherever that is in a list of so many. */
  const mutations: fc.Arbitrary<(pages: readonly WirePage[]) => WirePage[]> = fc
    .record({
      what: fc.constantFrom('withheld', 'repeated', 'swapped', 'cut', 'short', 'count', 'from', 'to', 'from and to'),
      at: fc.nat(),
      later: fc.nat({ max: 3 }),
      by: fc.constantFrom(-1, 1),
    })
    .map(({ what, at: anywhere, later, by }) => {
      const mutate = (pages: readonly WirePage[]): WirePage[] => {
        const at = anywhere % pages.length;
        const page = pages[at];
        const { count, from, to, record } = page;
        switch (what) {
          case 'withheld':
            return pages.toSpliced(at, 1);
          case 'repeated':
            return pages.toSpliced(at + 1 + later, 0, page);
          case 'swapped':
            return pages.toSpliced(at, 2, ...pages.slice(at, at + 2).toReversed());
          case 'cut':
            return pages.with(at, { ...page, record: record.slice(0, -1) });
          case 'short': // and says so
            return pages.with(at, { ...page, count: count - 1, to: to - 1, record: record.slice(0, -1) });
          case 'count':
            return pages.with(at, { ...page, count: count + by });
          case 'from':
            return pages.with(at, { ...page, from: from + by });
          case 'to':
            return pages.with(at, { ...page, to: to + by });
          default:
            return pages.with(at, { ...page, from: from + by, to: to + by });
        }
      };
      return Object.assign(mutate, { toString: () => `${what} at ${anywhere}, ${later} later, by ${by}` });
    });

  function givesTheList<R>(kind: Kind<R>, numbering: Numbering): void {
    fc.assert(
      fc.property(kind.lists, sizes, (list, sizes) => {
        expect(collect(pagesOf(list, sizes, numbering), kind)).toEqual(list.map(kind.decode));
      }),
    );
  }

  /** Refused, or the list as it is, or so many that a counter tells: never as many, and others. */
  function isNeverSilentlyAnother<R>(kind: Kind<R>, numbering: Numbering): void {
    fc.assert(
      fc.property(kind.lists, sizes, mutations, (list, sizes, mutate) => {
        const given = collect(mutate(pagesOf(list, sizes, numbering)), kind);
        if (given !== 'refused' && given.length === list.length) expect(given).toEqual(list.map(kind.decode));
      }),
      { numRuns: 1_000 },
    );
  }

  describe.each(NUMBERINGS)('whose "to" is $to and "count" that $count, and whose end is $end', (numbering) => {
    it('give the user list', () => givesTheList(usersKind, numbering));
    it('give the log', () => givesTheList(logKind, numbering));
    it('of which one is wrong never give another user list of as many entries', () =>
      isNeverSilentlyAnother(usersKind, numbering));
    it('of which one is wrong never give another log of as many entries', () =>
      isNeverSilentlyAnother(logKind, numbering));
  });

  const taking =
    (...pages: Partial<Page<number>>[]) =>
    (): boolean | undefined => {
      const collector = new PageCollector<number>({ limit: 6, keyOf: String });
      return pages.map((page) => collector.add({ records: [], ...page })).at(-1);
    };
  const first = { records: [1, 2, 3], from: 0, to: 2 };

  it.each([
    ['gap', 'withheld', taking(first, { records: [7], from: 4, to: 4 })],
    ['gap', 'withheld at the beginning', taking({ records: [4], from: 3, to: 3 })],
    ['gap', 'empty too early', taking({ ...first, count: 5 }, { count: 0 })],
    ['gap', 'empty at once, and announces some', taking({ count: 4 })],
    ['repeat', 'repeated', taking(first, first)],
    ['repeat', 'repeated, without positions', taking({ records: [1, 2] }, { records: [2, 3] })],
    ['bad-page', 'longer than its positions', taking({ records: [1, 2, 3, 4], from: 0, to: 2 })],
    ['bad-page', 'the other way round', taking({ records: [1, 2, 3], from: 2, to: 0 })],
    ['bad-page', 'of another count', taking({ ...first, count: 3 }, { records: [4], from: 3, to: 3, count: 2 })],
    ['bad-page', 'of fewer than it has', taking({ ...first, count: 2 })],
    ['bad-page', 'more than announced', taking({ ...first, count: 4 }, { records: [4, 5], count: 4 })],
    ['too-long', 'more than can exist', taking({ records: [1, 2, 3, 4] }, { records: [5, 6, 7] })],
  ])('are refused as %s where one is %s', (fault, _, take) => {
    expect(take).toThrow(expect.objectContaining({ name: 'PagingError', fault }));
  });

  it('without positions are taken in their turn', () => {
    const collector = new PageCollector<number>({ limit: 6, keyOf: String });
    expect(collector.add({ records: [1, 2, 3], count: 5 })).toBe(false);
    expect(collector.total).toBe(5);
    expect(collector.add({ records: [4, 5] })).toBe(true);
    expect(collector.records).toEqual([1, 2, 3, 4, 5]);
    expect(collector.pageCount).toBe(2);
    expect(collector.total).toBe(5);
  });

  it('are one that is empty where the list is', () => {
    expect(taking({ count: 0, from: 0, to: 0 })()).toBe(true);
    expect(taking({})()).toBe(true);
  });

  it('are read from one object, from numbers as texts, and from a count of 0 without a list', () => {
    expect(decodePage({ ' count': '1', from: '0', 'to ': '0', record: { n: 1 } }, (entry) => entry)).toEqual({
      records: [{ n: 1 }],
      count: 1,
      from: 0,
      to: 0,
    });
    expect(decodePage({ count: 0 }, decodeListedCredential)).toEqual({ records: [], count: 0 });
  });

  it.each([[{}], [{ count: 1 }], [{ count: 3, record: 'x' }], [{ record: null }]])('are none in %j', (fields) => {
    expect(() => decodePage(fields, decodeListedCredential)).toThrow(
      expect.objectContaining({ name: 'PagingError', fault: 'bad-page' }),
    );
  });

  it('are refused for one entry that is none', () => {
    const read = (): unknown =>
      decodePage({ count: 2, record: [{ enrollid: 1 }, { enrollid: 'A1' }] }, decodeListedCredential);
    expect(codeOf(read)).toBe('bad-field');
  });
});
