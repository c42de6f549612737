import { SET_LENGTH_BYTES } from './data-set.js';
import { ZkFormatError } from './errors.js';
import { decodeTemplateRecord, TEMPLATE_HEADER_BYTES, type TemplateRecord } from './template-record.js';

const NONE = Buffer.alloc(0);

/**
 * Takes a template set in pieces, cut anywhere, and gives its records as they become whole. It keeps at most one piece and
 * one record, so that a set of any size takes no more memory than that.
 */
export class TemplateSetDecoder {
  /** How many records have been given. */
  count = 0;
  private total?: number;
  private taken = 0;
  private rest: Buffer = NONE;

  /**
   * The records that end in this piece; their templates are views into it.
   * @throws {ZkFormatError} `zk/set`: a size leads nowhere, or more bytes came than the set has
   */
  *push(piece: Buffer): Generator<TemplateRecord> {
    const bytes = this.rest.length === 0 ? piece : Buffer.concat([this.rest, piece]);
    let at = 0;
    if (this.total === undefined) {
      if (bytes.length < SET_LENGTH_BYTES) {
        this.rest = Buffer.from(bytes);
        return;
      }
      this.total = bytes.readUInt32LE(0);
      at = SET_LENGTH_BYTES;
    }
    if (this.taken + bytes.length - at > this.total) {
      throw new ZkFormatError('zk/set', `A template set of ${this.total} bytes goes on behind its end`);
    }
    for (let size = sizeAt(bytes, at); size !== undefined && size <= bytes.length - at; size = sizeAt(bytes, at)) {
      this.count += 1;
      yield decodeTemplateRecord(bytes.subarray(at, at + size));
      at += size;
      this.taken += size;
    }
    // A copy: else a few bytes would keep the whole piece.
    this.rest = at === bytes.length ? NONE : Buffer.from(bytes.subarray(at));
  }

  /** To be called behind the last piece. @throws {ZkFormatError} `zk/truncated`, `zk/set`: the set is not whole */
  end(): void {
    if (this.total === undefined) {
      throw new ZkFormatError('zk/truncated', `A template set of ${this.rest.length} bytes has no length word`);
    }
    if (this.taken === this.total) return;
    const held = this.taken + this.rest.length;
    throw new ZkFormatError(
      'zk/set',
      held === this.total
        ? `A template set ends within a record: ${this.rest.length} bytes are over`
        : `A template set announces ${this.total} bytes of records and holds ${held}`,
    );
  }
}

/** The size of the record at `at`; undefined: its header is not there yet. */
function sizeAt(bytes: Buffer, at: number): number | undefined {
  if (bytes.length - at < TEMPLATE_HEADER_BYTES) return undefined;
  const size = bytes.readUInt16LE(at);
  if (size >= TEMPLATE_HEADER_BYTES) return size;
  throw new ZkFormatError('zk/set', `A template record announces ${size} bytes, less than its own header`);
}
