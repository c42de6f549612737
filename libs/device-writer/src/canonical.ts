import { BadSnapshotError } from './device-writer.errors.js';

const FORMAT = 'holdfast-user/1';

/** A canonical form begins with this: of which form it is, of which protocol, and how much it holds. */
export interface CanonicalHead {
  readonly format: typeof FORMAT;
  readonly protocol: 'zk' | 'aiface';
  readonly depth: 'attributes' | 'everything';
}

/** The canonical bytes of what was read: JSON whose keys the caller has put in their fixed order. */
export function encodeCanonical(head: Omit<CanonicalHead, 'format'>, contents: object): Buffer {
  const { protocol, depth } = head;
  return Buffer.from(JSON.stringify({ format: FORMAT, protocol, depth, ...contents }));
}

/**
 * Reads canonical bytes again, and refuses those that would not be written so.
 * @param read makes the value, throwing whatever it likes at what is none
 * @param write its canonical bytes
 * @throws {BadSnapshotError}
 */
export function decodeCanonical<T>(
  bytes: Buffer,
  protocol: CanonicalHead['protocol'],
  read: (contents: Readonly<Record<string, unknown>>, depth: CanonicalHead['depth']) => T,
  write: (value: T) => Buffer,
): T {
  try {
    const contents = JSON.parse(bytes.toString('utf8')) as Record<string, unknown> & CanonicalHead;
    if (contents.format === FORMAT && contents.protocol === protocol) {
      const value = read(contents, contents.depth === 'everything' ? 'everything' : 'attributes');
      if (write(value).equals(bytes)) return value;
    }
  } catch (cause) {
    // Never with the cause: it may show what stands in the bytes.
    throw new BadSnapshotError(describe(bytes, protocol, cause instanceof Error ? cause.name : 'Error'));
  }
  throw new BadSnapshotError(describe(bytes, protocol, 'another form, or another protocol'));
}

function describe(bytes: Buffer, protocol: string, why: string): string {
  return `${bytes.length} bytes are no snapshot of a user of protocol ${protocol} (${why}); they were stored by another version, or changed`;
}
