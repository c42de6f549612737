import { BadCursorError } from '@app/http';
import { type DeviceUserId } from '@app/kernel';

/** Where a page of a moment ended. It holds the moment too, so that pages of "now" are of one and the same. */
export interface MomentCursor {
  readonly at: Date;
  readonly after: DeviceUserId;
}

export function encodeMomentCursor({ at, after }: MomentCursor): string {
  return Buffer.from(JSON.stringify([at.getTime(), after])).toString('base64url');
}

/** @throws {BadCursorError} when `text` did not come from encodeMomentCursor */
export function decodeMomentCursor(text: string): MomentCursor {
  const cursor = read(text);
  if (!cursor || encodeMomentCursor(cursor) !== text) throw new BadCursorError();
  return cursor;
}

function read(text: string): MomentCursor | undefined {
  try {
    const [at, after] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [unknown, unknown];
    if (typeof after !== 'string' || !Number.isSafeInteger(at)) return undefined;
    const instant = new Date(at as number);
    return Number.isNaN(instant.getTime()) ? undefined : { at: instant, after: after as DeviceUserId };
  } catch {
    return undefined;
  }
}
