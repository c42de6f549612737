import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** What is collected before it goes to the disk. */
const FLUSH_BYTES = 256 * 1024;
/** Entries are small and mostly asked for in the order in which they lie: a read of each would cost more than its bytes. */
const BLOCK_BYTES = 64 * 1024;
const BLOCKS_HELD = 16;

/** Where an entry lies. */
export interface SpoolPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * A temporary file of entries that must not lie in clear on a disk. Each entry is closed with AES-256-GCM under a key that
 * is in memory alone and gone with it; its place is its nonce, so that no two entries share one. The file has mode 0600
 * and lies where temporary files lie: it is of no use to anybody, and too large for some data folders.
 */
export class SealedSpool implements AsyncDisposable {
  private readonly key = randomBytes(KEY_BYTES);
  private readonly unwritten: Buffer[] = [];
  private unwrittenBytes = 0;
  private written = 0;
  private flushing: Promise<void> = Promise.resolve();
  /** Whole blocks as they lie in the file, closed as they are; those that were read last. */
  private readonly blocks = new Map<number, Buffer>();

  private constructor(
    private readonly folder: string,
    private readonly file: FileHandle,
  ) {}

  static async open(): Promise<SealedSpool> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-copy-'));
    const file = await open(join(folder, 'spool'), 'wx+', 0o600);
    // Where an open file can be removed, nothing is left even of a process that is killed.
    if (process.platform !== 'win32') await rm(folder, { recursive: true, force: true });
    return new SealedSpool(folder, file);
  }

  async append(bytes: Buffer): Promise<SpoolPlace> {
    const offset = this.written + this.unwrittenBytes;
    const cipher = createCipheriv('aes-256-gcm', this.key, nonceOf(offset));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    this.unwritten.push(sealed);
    this.unwrittenBytes += sealed.length;
    if (this.unwrittenBytes >= FLUSH_BYTES) await this.flush();
    return { offset, length: sealed.length };
  }

  async read({ offset, length }: SpoolPlace): Promise<Buffer> {
    if (offset + length > this.written) await this.flush();
    const sealed = await this.bytesAt(offset, length);
    const decipher = createDecipheriv('aes-256-gcm', this.key, nonceOf(offset));
    decipher.setAuthTag(sealed.subarray(length - TAG_BYTES));
    return Buffer.concat([decipher.update(sealed.subarray(0, length - TAG_BYTES)), decipher.final()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.key.fill(0);
    await this.file.close();
    await rm(this.folder, { recursive: true, force: true });
  }

  private async bytesAt(offset: number, length: number): Promise<Buffer> {
    const parts: Buffer[] = [];
    for (let at = offset; at < offset + length;) {
      const block = Math.floor(at / BLOCK_BYTES);
      const from = at - block * BLOCK_BYTES;
      const part = (await this.blockAt(block)).subarray(from, from + offset + length - at);
      if (part.length === 0) throw new Error(`A temporary file lost ${offset + length - at} bytes`);
      parts.push(part);
      at += part.length;
    }
    return Buffer.concat(parts, length);
  }

  private async blockAt(number: number): Promise<Buffer> {
    const held = this.blocks.get(number);
    if (held) return held;
    const bytes = Buffer.alloc(Math.min(BLOCK_BYTES, this.written - number * BLOCK_BYTES));
    const { bytesRead } = await this.file.read(bytes, 0, bytes.length, number * BLOCK_BYTES);
    const block = bytes.subarray(0, bytesRead);
    // The last one may grow yet.
    if (block.length === BLOCK_BYTES) this.hold(number, block);
    return block;
  }

  private hold(number: number, block: Buffer): void {
    this.blocks.set(number, block);
    const [oldest] = this.blocks.keys();
    if (this.blocks.size > BLOCKS_HELD) this.blocks.delete(oldest);
  }

  /** One after the other, and no place is given out twice while one is under way: it is the nonce. */
  private async flush(): Promise<void> {
    this.flushing = this.flushing.then(() => this.writeOut());
    await this.flushing;
  }

  private async writeOut(): Promise<void> {
    const bytes = Buffer.concat(this.unwritten);
    const parts = this.unwritten.length;
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await this.file.write(bytes, at, bytes.length - at, this.written + at);
      at += bytesWritten;
    }
    this.unwritten.splice(0, parts);
    this.unwrittenBytes -= bytes.length;
    this.written += bytes.length;
  }
}

function nonceOf(offset: number): Buffer {
  const nonce = Buffer.alloc(NONCE_BYTES);
  nonce.writeBigUInt64BE(BigInt(offset), NONCE_BYTES - 8);
  return nonce;
}
