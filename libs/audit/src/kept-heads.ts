import { KeptHeadsError } from './audit.errors.js';

/** Where a stream ended at some time. Kept outside of the database, it shows what was rewritten behind everybody's back. */
export interface StreamEnd {
  /** `device:<id>` or `admin`. */
  readonly stream: string;
  /** Number of its last block then, as decimal digits. */
  readonly block: string;
  /** SHA-256 of that block, 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * The heads in a document that an earlier check wrote.
 * @param text JSON with `heads`, a list of StreamEnd
 * @throws {KeptHeadsError} it is no such document
 */
export function parseKeptHeads(text: string): StreamEnd[] {
  const heads = headsIn(text);
  if (!Array.isArray(heads) || heads.length === 0) throw new KeptHeadsError('it has no list "heads"');
  return heads.map((head: unknown, i) => {
    const { stream, block, hash } = (head ?? {}) as Record<keyof StreamEnd, unknown>;
    if (typeof stream === 'string' && hasForm(block, /^[1-9]\d{0,17}$/) && hasForm(hash, /^[0-9a-f]{64}$/))
      return { stream, block, hash };
    throw new KeptHeadsError(`entry ${i + 1} of "heads" is no stream, block and hash`);
  });
}

function headsIn(text: string): unknown {
  try {
    return (JSON.parse(text) as { heads?: unknown } | null)?.heads;
  } catch (cause) {
    throw new KeptHeadsError('it is no JSON', { cause });
  }
}

function hasForm(value: unknown, form: RegExp): value is string {
  return typeof value === 'string' && form.test(value);
}
