import { createHash } from 'node:crypto';
import { PeopleFileError } from './people-import.errors.js';

/** The largest file of people: 200,000 rows of usual length. */
export const LARGEST_FILE_BYTES = 16 * 1024 * 1024;

/** A file that passes through: counted, bounded, and with a digest when it has passed. */
export class FileSource {
  receivedBytes = 0;
  private readonly hash = createHash('sha256');

  constructor(
    private readonly source: AsyncIterable<Buffer>,
    private readonly signal?: AbortSignal,
  ) {}

  /** @throws {PeopleFileError} the file is too large; and the reason of the signal when that fires */
  async *chunks(): AsyncGenerator<Buffer> {
    for await (const chunk of this.source) {
      this.signal?.throwIfAborted();
      this.receivedBytes += chunk.length;
      if (this.receivedBytes > LARGEST_FILE_BYTES) {
        const message = `The file is larger than ${LARGEST_FILE_BYTES / 1024 / 1024} MiB; cut it into several`;
        throw new PeopleFileError('people/file-too-large', message);
      }
      this.hash.update(chunk);
      yield chunk;
    }
  }

  /** Of all bytes, once they have passed; may be asked once. */
  sha256(): string {
    return this.hash.digest('hex');
  }
}
