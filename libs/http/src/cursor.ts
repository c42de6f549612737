import { AppError } from '@app/kernel';

/** The cursor is not one that we gave out. */
export class BadCursorError extends AppError {
  readonly code = 'http/bad-cursor';
  readonly kind = 'invalid';

  constructor() {
    super('The cursor is not one that this API gave out; start again without a cursor');
  }
}

/** Turns the last row's number into an opaque text that is safe in a URL. */
export function encodeCursor(rowId: string): string {
  return Buffer.from(`1:${rowId}`).toString('base64url');
}

/** The row number that a cursor holds. @throws {BadCursorError} when `text` did not come from encodeCursor */
export function decodeCursor(text: string): string {
  const [, rowId] = /^1:([1-9][0-9]{0,17})$/.exec(Buffer.from(text, 'base64url').toString('utf8')) ?? [];
  if (rowId === undefined || encodeCursor(rowId) !== text) throw new BadCursorError();
  return rowId;
}
