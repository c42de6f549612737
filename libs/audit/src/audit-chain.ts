import { createHash } from 'node:crypto';
import { type Tx } from '@app/database';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { type BlockContent, type ChainBlock, type ChainHead, ChainSnapshot } from './chain-snapshot.js';
import { type StreamEnd } from './kept-heads.js';

const STRAYS_NAMED = 10;
/** The hash before the first block of a stream. */
const GENESIS = createHash('sha256').digest();

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
  /** The first defect of each stream, then what kept heads show, then entries outside of all. */
  readonly defects: readonly ChainDefect[];
  /** Where each chain ends. Kept outside of the database, they show later whether a whole end was cut off. */
  readonly heads: readonly StreamEnd[];
}

/** How far a stream is as it was written. */
interface WalkedStream {
  readonly entries: number;
  readonly blocks: number;
  readonly defect?: ChainDefect;
}

type OnProgress = (checkedEntries: number) => void;

/** What a check may be given. */
export interface ChainCheck {
  readonly onProgress?: OnProgress;
  /** Heads of an earlier check: what they tell of must still be there. */
  readonly kept?: readonly StreamEnd[];
}

/** Checks that the audit log is what was written: every entry, every block, every link between them. */
@Injectable()
export class AuditChain {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Computes every digest anew over one snapshot of the log; entries may be written meanwhile. Someone who can write as
   * the database's superuser, and also computes every digest anew, is found only by heads that were kept elsewhere.
   */
  async verify(options: ChainCheck = {}): Promise<ChainReport> {
    return this.dataSource.transaction('REPEATABLE READ', async (tx) => {
      await tx.query('set transaction read only');
      return this.check(tx, options);
    });
  }

  /** As verify, of the log that this transaction sees. */
  async check(tx: Tx, { onProgress = () => undefined, kept = [] }: ChainCheck = {}): Promise<ChainReport> {
    const chain = new ChainSnapshot(tx);
    const heads = await chain.heads();
    const defects: ChainDefect[] = [];
    let [entries, blocks] = [0, 0];
    await chain.planForLookups();
    for (const head of heads) {
      const walked = await walk(chain, head, (inStream) => onProgress(entries + inStream));
      entries += walked.entries;
      blocks += walked.blocks;
      if (walked.defect) defects.push(walked.defect);
    }
    defects.push(...(await rewritten(chain, kept)));
    await chain.planForScans();
    // Where every block was found with all its entries, only their number is to be compared.
    if (defects.length > 0 || (await chain.countEntries()) !== entries) {
      const entryIds = await chain.strays(STRAYS_NAMED);
      const reason = 'entries that no block lists';
      if (entryIds.length > 0) defects.push({ stream: null, block: null, reason, entryIds });
    }
    return { intact: defects.length === 0, entries, blocks, defects, heads: heads.flatMap(endOf) };
  }
}

/** Block by block from the first, until one is not as it was written. */
async function walk(chain: ChainSnapshot, head: ChainHead, onProgress: OnProgress): Promise<WalkedStream> {
  const { stream } = head;
  let number = 0n;
  let entries = 0;
  let last: ChainBlock | undefined;
  for (;;) {
    const blocks = await chain.blocksAfter(stream, number);
    if (blocks.length === 0) break;
    const contents = await chain.contentOf(stream, blocks);
    for (const block of blocks) {
      const reason =
        orderDefect(block, number + 1n, last?.hash ?? GENESIS) ??
        contentDefect(stream, block, contents.get(block.block_number));
      if (reason) {
        const entryIds = await chain.entryIdsOf(stream, block.block_number);
        return { entries, blocks: Number(number), defect: { stream, block: block.block_number, reason, entryIds } };
      }
      number += 1n;
      entries += block.entry_count;
      last = block;
    }
    onProgress(entries);
  }
  if (isEnd(head, number, entries, last)) return { entries, blocks: Number(number) };
  const told = head.block_number === null ? 'nothing' : `block ${head.block_number} with ${head.entry_count} entries`;
  const reason = `the chain ends at block ${number} with ${entries} entries, and its head tells of ${told}`;
  return { entries, blocks: Number(number), defect: { stream, block: String(number + 1n), reason, entryIds: [] } };
}

/** Blocks that are not what they were when their head was kept. */
async function rewritten(chain: ChainSnapshot, kept: readonly StreamEnd[]): Promise<ChainDefect[]> {
  const now = await chain.hashesOf(kept);
  return kept
    .filter((end, i) => now[i]?.toString('hex') !== end.hash)
    .map(({ stream, block }) => ({
      stream,
      block,
      reason: 'the stream was cut or rewritten here or before: the kept head tells of another block',
      entryIds: [],
    }));
}

/** Undefined: the block follows the one before. */
function orderDefect(block: ChainBlock, number: bigint, previous: Buffer): string | undefined {
  if (block.block_number !== String(number)) return `block ${number} is missing`;
  return block.previous_hash.equals(previous) ? undefined : 'it does not follow the block before';
}

/** Undefined: the block and its entries are as they were written. */
function contentDefect(stream: string, block: ChainBlock, content: BlockContent | undefined): string | undefined {
  const missing = block.entry_count - (content?.found ?? 0);
  if (missing > 0) return `${missing} of its ${block.entry_count} entries are missing`;
  if (content && content.foreign > 0) return `${content.foreign} of its entries belong to another stream`;
  if (!content?.digest?.equals(block.entries_digest)) return 'its entries are not those that were written';
  return hashOf(stream, block).equals(block.hash) ? undefined : 'it was changed after it was written';
}

/** As audit_block_hash of the database computes it, which is not asked: it could have been replaced. */
function hashOf(stream: string, block: ChainBlock): Buffer {
  const number = Buffer.alloc(8);
  number.writeBigInt64BE(BigInt(block.block_number));
  const parts = [Buffer.from(stream), number, block.previous_hash, block.entries_digest];
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** Whether what is noted of the stream's end is its last block. */
function isEnd(head: ChainHead, number: bigint, entries: number, last: ChainBlock | undefined): boolean {
  if (!last || head.block_number !== String(number) || head.entry_count !== String(entries)) return false;
  const parts = ['previous_hash', 'entries_digest', 'hash'] as const;
  return parts.every((part) => head[part]?.equals(last[part]));
}

function endOf({ stream, block_number: block, hash }: ChainHead): ChainReport['heads'] {
  return block === null || hash === null ? [] : [{ stream, block, hash: hash.toString('hex') }];
}
