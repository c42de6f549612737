import { createHash } from 'node:crypto';
import { type Tx } from '@app/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** Entries and blocks per statement: enough to be quick, few enough for short statements and live progress. */
const PAGE_ENTRIES = 20_000;
const PAGE_BLOCKS = 5_000;
const STRAYS_NAMED = 10;
/** The digest before the first block of a stream. */
const GENESIS = createHash('sha256').digest();

/** The stream of an entry, and the digest of all its fields; the same text stands in the migration that writes them. */
const STREAM = `coalesce('device:' || e.device_id, 'admin')`;
const LEAF = `sha256(convert_to(row(e.id, e.operation_type, e.device_id, e.device_user_id, e.device_user_name,
  e.performed_by, e.service_name, e.details, extract(epoch from e."timestamp"))::text, 'UTF8'))`;

/** What is wrong with the log, and where. */
export interface ChainDefect {
  /** `device:<id>` or `admin`; null when entries stand beside every stream. */
  readonly stream: string | null;
  /** The first block that is not as it was written; null when the damage is in no single block. */
  readonly block: string | null;
  readonly reason: string;
  /** Entries that this concerns, as far as they are known. */
  readonly entryIds: readonly string[];
}

/** The outcome of a check of the whole log. */
export interface ChainReport {
  readonly intact: boolean;
  readonly entries: number;
  readonly blocks: number;
  /** The first defect of each stream, then entries outside of all. */
  readonly defects: readonly ChainDefect[];
  /** Where each chain ends. Kept outside of the database, they show later whether a whole end was cut off. */
  readonly heads: readonly { readonly stream: string; readonly block: string; readonly hash: string }[];
}

interface PageRow {
  readonly block_number: string;
  readonly previous_hash: Buffer;
  readonly hash: Buffer;
  readonly computed: Buffer | null;
  readonly entry_ids: string[];
  readonly found: string;
  readonly foreign: string;
}

interface HeadRow {
  readonly stream: string;
  readonly block_number: string | null;
  readonly entry_count: string | null;
  readonly previous_hash: Buffer | null;
  readonly hash: Buffer | null;
}

/** Checks that the audit log is what was written: every entry, every block, every link between them. */
@Injectable()
export class AuditChain {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Computes every digest anew over one snapshot of the log; entries may be written meanwhile. Someone who can write as
   * the database's superuser, and also computes every digest anew, is found only by comparing with heads kept elsewhere.
   */
  async verify(onProgress: (checkedEntries: number) => void = () => undefined): Promise<ChainReport> {
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query('set transaction read only');
      return this.check(tx, onProgress);
    });
  }

  /** As verify, of the log that this transaction sees. */
  async check(tx: Tx, onProgress: (checkedEntries: number) => void = () => undefined): Promise<ChainReport> {
    const heads = await tx.query<HeadRow[]>(
      `select stream, head.block_number, head.entry_count, head.previous_hash, head.hash
           from audit_chain_heads head full join (select distinct stream from audit_blocks) blocks using (stream)
          order by stream`,
    );
    const defects: ChainDefect[] = [];
    let [entries, blocks] = [0, 0];
    for (const head of heads) {
      const walked = await this.walk(tx, head, (inStream) => onProgress(entries + inStream));
      entries += walked.entries;
      blocks += walked.blocks;
      if (walked.defect) defects.push(walked.defect);
    }
    const stray = await this.findStrays(tx);
    if (stray) defects.push(stray);
    return { intact: defects.length === 0, entries, blocks, defects, heads: heads.flatMap(headOf) };
  }

  private async walk(
    tx: Tx,
    head: HeadRow,
    onProgress: (entries: number) => void,
  ): Promise<{ entries: number; blocks: number; defect?: ChainDefect }> {
    const { stream } = head;
    let number = 0n;
    let entries = 0;
    let [hash, before]: Buffer[] = [GENESIS, Buffer.alloc(0)];
    for (;;) {
      const page = await this.readPage(tx, stream, number);
      if (page.length === 0) break;
      for (const row of page) {
        const reason = defectOf(row, number + 1n, hash);
        if (reason) {
          const block = row.block_number;
          return { entries, blocks: Number(number), defect: { stream, block, reason, entryIds: row.entry_ids } };
        }
        number += 1n;
        [hash, before] = [row.hash, hash];
        entries += row.entry_ids.length;
      }
      onProgress(entries);
    }
    const ended =
      head.block_number === String(number) &&
      head.entry_count === String(entries) &&
      head.hash?.equals(hash) &&
      head.previous_hash?.equals(before);
    if (ended || (number === 0n && head.block_number === '0')) return { entries, blocks: Number(number) };
    const told = head.block_number === null ? 'nothing' : `block ${head.block_number} with ${head.entry_count} entries`;
    const reason = `the chain ends at block ${number} with ${entries} entries, and its head tells of ${told}`;
    return { entries, blocks: Number(number), defect: { stream, block: String(number + 1n), reason, entryIds: [] } };
  }

  private readPage(tx: Tx, stream: string, after: bigint): Promise<PageRow[]> {
    return tx.query<PageRow[]>(
      `with candidates as (
         select *, sum(cardinality(entry_ids)) over (order by block_number) - cardinality(entry_ids) as entries_before
           from (select * from audit_blocks where stream = $1 and block_number > $2 order by block_number limit ${PAGE_BLOCKS}) b)
       select page.block_number, page.previous_hash, page.hash, page.entry_ids, count(e.id) as found,
              count(*) filter (where e.id is not null and ${STREAM} <> $1) as foreign,
              sha256(convert_to($1, 'UTF8') || int8send(page.block_number) || page.previous_hash
                     || string_agg(${LEAF}, ''::bytea order by listed.position)) as computed
         from candidates page
         left join lateral unnest(page.entry_ids) with ordinality as listed (id, position) on true
         left join device_user_audit_log e on e.id = listed.id
        where page.entries_before < ${PAGE_ENTRIES}
        group by page.block_number, page.previous_hash, page.hash, page.entry_ids
        order by page.block_number`,
      [stream, String(after)],
    );
  }

  /** Entries that no block lists: somebody put them beside the chain. */
  private async findStrays(tx: Tx): Promise<ChainDefect | undefined> {
    const [{ logged, listed }] = await tx.query<{ logged: string; listed: string }[]>(
      `select (select count(*) from device_user_audit_log) as logged,
              (select coalesce(sum(cardinality(entry_ids)), 0) from audit_blocks) as listed`,
    );
    const strays = await tx.query<{ id: string }[]>(
      `select id from device_user_audit_log e
        where not exists (select 1 from (select unnest(entry_ids) as id from audit_blocks) listed where listed.id = e.id)
        order by id limit ${STRAYS_NAMED}`,
    );
    if (strays.length === 0 && logged === listed) return undefined;
    const reason =
      strays.length > 0
        ? 'entries that no block lists'
        : `the log holds ${logged} entries and its blocks list ${listed}`;
    return { stream: null, block: null, reason, entryIds: strays.map(({ id }) => id) };
  }
}

/** Undefined: the block is as it was written and follows the one before. */
function defectOf(row: PageRow, number: bigint, previous: Buffer): string | undefined {
  if (row.block_number !== String(number)) return `block ${number} is missing`;
  if (!row.previous_hash.equals(previous)) return 'it does not follow the block before';
  const missing = row.entry_ids.length - Number(row.found);
  if (missing > 0) return `${missing} of its ${row.entry_ids.length} entries are missing`;
  if (row.foreign !== '0') return `${row.foreign} of its entries belong to another stream`;
  if (!row.computed?.equals(row.hash)) return 'its entries are not those that were written';
  return undefined;
}

function headOf({ stream, block_number: block, hash }: HeadRow): ChainReport['heads'] {
  return block === null || hash === null ? [] : [{ stream, block, hash: hash.toString('hex') }];
}
