import { type Fields, integerField, listField } from './json.js';

/** A part of a list, as a terminal sent it. */
export interface Page<R> {
  readonly records: readonly R[];
  readonly count?: number;
  readonly from?: number;
  readonly to?: number;
}

/** Why pages are no list. */
export type PagingFault = 'gap' | 'repeat' | 'bad-page' | 'too-long';

/** Pages that do not follow from one another: what they would add up to is not the terminal's list. */
export class PagingError extends Error {
  constructor(
    readonly fault: PagingFault,
    message: string,
  ) {
    super(message);
    this.name = 'PagingError';
  }
}

/** Reads a page. @throws whatever `decode` throws for one of its entries; {PagingError} there is no list in it */
export function decodePage<R>(fields: Fields, decode: (entry: unknown) => R): Page<R> {
  const [count, from, to] = ['count', 'from', 'to'].map((key) => integerField(fields, key));
  const entries = listField(fields, 'record') ?? (count === 0 ? [] : undefined);
  if (!entries) throw new PagingError('bad-page', 'A page has no list of records');
  return { records: entries.map(decode), count, from, to };
}

/**
 * Puts the pages of one list together, for all the ways in which terminals number them (aiface-protocol 5.1): `to` is
 * the last record or the one behind it; `count` is that of the page or of the whole list; the end is an empty page, or
 * the announced number. Whether the list is complete is for the counters to say; here it is decided that nothing is
 * missing between the pages, and nothing came twice.
 */
export class PageCollector<R> {
  private readonly collected: R[] = [];
  private readonly keys = new Set<string>();
  private announced?: number;
  private next = 0;
  private pages = 0;

  constructor(
    private readonly options: {
      /** The largest number of records that the list may have. */
      readonly limit: number;
      /** What may come only once. Unset: equal records may. */
      readonly keyOf?: (record: R) => string;
    },
  ) {}

  get records(): readonly R[] {
    return this.collected;
  }

  get pageCount(): number {
    return this.pages;
  }

  /** How many records the terminal has announced; undefined: it has not. */
  get total(): number | undefined {
    return this.announced;
  }

  /** Takes the next page. True: the terminal has said that this was the last. @throws {PagingError} */
  add(page: Page<R>): boolean {
    this.pages += 1;
    if (page.records.length === 0) return this.end(page);
    this.requireNext(page);
    this.requireCount(page);
    for (const record of page.records) this.keep(record);
    if (this.announced === undefined || this.collected.length < this.announced) return false;
    if (this.collected.length === this.announced) return true;
    throw new PagingError('bad-page', `${this.announced} records were announced, ${this.collected.length} came`);
  }

  private end({ count }: Page<R>): boolean {
    const missing = this.pages === 1 ? (count ?? 0) : (this.announced ?? 0) - this.collected.length;
    if (missing > 0) throw new PagingError('gap', `The list ends ${missing} records before its announced end`);
    return true;
  }

  /** A page without positions is taken in its turn: then only repeats and the counters can tell. */
  private requireNext({ from, to, records }: Page<R>): void {
    if (from === undefined || to === undefined) return;
    const inclusive = to - from + 1 === records.length;
    if (!inclusive && to - from !== records.length) {
      throw new PagingError('bad-page', `A page from ${from} to ${to} has ${records.length} records`);
    }
    if (from !== this.next) {
      const fault = from < this.next ? 'repeat' : 'gap';
      throw new PagingError(fault, `A page begins at ${from} where ${this.next} was next`);
    }
    this.next = inclusive ? to + 1 : to;
  }

  private requireCount({ count, records }: Page<R>): void {
    if (count === undefined) return;
    if (this.pages === 1 && count > records.length) this.announced = count;
    const expected = this.announced ?? records.length;
    if (count !== expected) {
      throw new PagingError('bad-page', `A page of ${records.length} records counts ${count}, not ${expected}`);
    }
  }

  private keep(record: R): void {
    const key = this.options.keyOf?.(record);
    if (key !== undefined && this.keys.has(key)) {
      throw new PagingError('repeat', `The list has ${key} twice`);
    }
    if (key !== undefined) this.keys.add(key);
    this.collected.push(record);
    if (this.collected.length > this.options.limit) {
      throw new PagingError('too-long', `The list has more than the ${this.options.limit} records that can exist`);
    }
  }
}
