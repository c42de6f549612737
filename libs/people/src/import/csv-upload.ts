import { AbortedError } from '@app/kernel';
import type { Request } from 'express';
import { PeopleFileError } from './people-import.errors.js';

/**
 * The file that is the body of a request, while it arrives.
 * @throws {PeopleFileError} the body is said to be something else; and, of the iterator, AbortedError when the sender is gone
 */
export function csvOf(request: Request): AsyncIterable<Buffer> {
  const { 'content-type': type = 'none', 'content-encoding': encoding = 'identity' } = request.headers;
  const [media, ...parameters] = type.toLowerCase().split(';');
  const charset = parameters.map((each) => /^\s*charset="?([^"]*)"?\s*$/.exec(each)?.[1]).find(Boolean);
  if (media.trim() !== 'text/csv') {
    const message = `The content type is ${type.slice(0, 100)}; send the file itself, with Content-Type: text/csv`;
    throw new PeopleFileError('people/not-csv', message);
  }
  if (charset !== undefined && !['utf-8', 'utf8', 'us-ascii'].includes(charset)) {
    throw new PeopleFileError('people/bad-encoding', `The charset is ${charset.slice(0, 100)}; save the file as UTF-8`);
  }
  if (encoding.toLowerCase() !== 'identity') {
    throw new PeopleFileError(
      'people/not-csv',
      `The content encoding is ${encoding.slice(0, 100)}; send it uncompressed`,
    );
  }
  return bodyOf(request);
}

async function* bodyOf(request: Request): AsyncGenerator<Buffer> {
  try {
    // Not destroyed at an early end: the answer that says why goes over the same connection.
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (cause) {
    throw new AbortedError(cause);
  }
}
