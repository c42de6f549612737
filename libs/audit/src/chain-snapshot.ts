import { type Tx } from '@app/database';
import { type StreamEnd } from './kept-heads.js';

/** Entries and blocks per statement: enough to be quick, few enough for short statements and live progress. */
const PAGE_ENTRIES = 20_000;
const PAGE_BLOCKS = 5_000;

/** The stream of an entry, and the digest of all its fields; the same text stands in the migration that writes them. */
const STREAM = `coalesce('device:' || e.device_id, 'admin')`;
const LEAF = `sha256(convert_to(row(e.id, e.operation_type, e.device_id, e.device_user_id, e.device_user_name,
  e.performed_by, e.service_name, e.details, extract(epoch from e."timestamp"))::text, 'UTF8'))`;

/** What is noted of a stream's end; all null when only blocks of it are left. */
export interface ChainHead {
  readonly stream: string;
  readonly block_number: string | null;
  readonly entry_count: string | null;
  readonly previous_hash: Buffer | null;
  readonly entries_digest: Buffer | null;
  readonly hash: Buffer | null;
}

/** A block as it is now. */
export interface ChainBlock {
  readonly block_number: string;
  readonly entry_count: number;
  readonly previous_hash: Buffer;
  readonly entries_digest: Buffer;
  readonly hash: Buffer;
}

/** What the entries that a block lists come to now. */
export interface BlockContent {
  readonly block_number: string;
  /** How many of them there are. */
  readonly found: number;
  /** How many of those are of another stream. */
  readonly foreign: number;
  readonly digest: Buffer | null;
}

/** The chain as one transaction sees it. Made for one check: it sets the planner's settings of that transaction. */
export class ChainSnapshot {
  constructor(private readonly tx: Tx) {}

  /** Every stream that has a head or a block, by name. */
  heads(): Promise<ChainHead[]> {
    return this.tx.query<ChainHead[]>(
      `select stream, head.block_number, head.entry_count, head.previous_hash, head.entries_digest, head.hash
         from audit_chain_heads head full join (select distinct stream from audit_blocks) blocks using (stream)
        order by stream`,
    );
  }

  /** The blocks of a stream behind block `after`: some, and of large ones few. */
  blocksAfter(stream: string, after: bigint): Promise<ChainBlock[]> {
    return this.tx.query<ChainBlock[]>(
      `select block_number, cardinality(entry_ids) as entry_count, previous_hash, entries_digest, hash from (
         select *, sum(cardinality(entry_ids)) over (order by block_number) - cardinality(entry_ids) as entries_before
           from (select * from audit_blocks where stream = $1 and block_number > $2 order by block_number limit ${PAGE_BLOCKS}) next) sized
        where entries_before < ${PAGE_ENTRIES}
        order by block_number`,
      [stream, String(after)],
    );
  }

  /** What some blocks list, by block number; a block that lists nothing is left out. */
  async contentOf(stream: string, blocks: readonly ChainBlock[]): Promise<ReadonlyMap<string, BlockContent>> {
    const rows = await this.tx.query<BlockContent[]>(
      `select listed.block_number, count(e.id)::int as found,
              (count(*) filter (where e.id is not null and ${STREAM} <> $1))::int as foreign,
              sha256(string_agg(${LEAF}, ''::bytea order by listed.position)) as digest
         from (select block_number, unnest(entry_ids) as id, generate_subscripts(entry_ids, 1) as position
                 from audit_blocks where stream = $1 and block_number between $2 and $3) listed
         left join device_user_audit_log e on e.id = listed.id
        group by listed.block_number`,
      [stream, blocks[0].block_number, blocks.at(-1)?.block_number],
    );
    return new Map(rows.map((row) => [row.block_number, row]));
  }

  /** The ids that a block lists. */
  async entryIdsOf(stream: string, block: string): Promise<string[]> {
    const [{ entry_ids: ids }] = await this.tx.query<{ entry_ids: string[] }[]>(
      'select entry_ids from audit_blocks where stream = $1 and block_number = $2',
      [stream, block],
    );
    return ids;
  }

  /** The hashes of some blocks now, in the same order; null for one that is not there. */
  async hashesOf(ends: readonly StreamEnd[]): Promise<(Buffer | null)[]> {
    const rows = await this.tx.query<{ hash: Buffer | null }[]>(
      `select b.hash from unnest($1::text[], $2::bigint[]) with ordinality as k (stream, block_number, position)
         left join audit_blocks b using (stream, block_number) order by k.position`,
      [ends.map(({ stream }) => stream), ends.map(({ block }) => block)],
    );
    return rows.map(({ hash }) => hash);
  }

  async countEntries(): Promise<number> {
    const [{ count }] = await this.tx.query<{ count: string }[]>('select count(*) from device_user_audit_log');
    return Number(count);
  }

  /** The first entries that no block lists. */
  async strays(limit: number): Promise<string[]> {
    const rows = await this.tx.query<{ id: string }[]>(
      `select id from device_user_audit_log e
        where not exists (select 1 from (select unnest(entry_ids) as id from audit_blocks) listed where listed.id = e.id)
        order by id limit $1`,
      [limit],
    );
    return rows.map(({ id }) => id);
  }

  /**
   * A log has any size, and somebody waits for this. Entries are looked up by id, whatever the statistics of a table
   * that only grows say: a plan that walks the whole log for each page would never end.
   */
  async planForLookups(): Promise<void> {
    const unwanted = ['seqscan', 'bitmapscan', 'hashjoin', 'mergejoin'].map(
      (plan) => [`enable_${plan}`, 'off'] as const,
    );
    await this.set({ statement_timeout: '0', ...Object.fromEntries(unwanted) });
  }

  /** The whole log at once, for the same reason not by looking up each entry. */
  async planForScans(): Promise<void> {
    await this.set({ enable_seqscan: 'on', enable_hashjoin: 'on', enable_nestloop: 'off' });
  }

  private async set(settings: Readonly<Record<string, string>>): Promise<void> {
    const calls = Object.entries(settings).map(([name, value]) => `set_config('${name}', '${value}', true)`);
    await this.tx.query(`select ${calls.join(', ')}`);
  }
}
