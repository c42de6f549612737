import { AppError } from '@app/kernel';

/** The cursor is not one that we gave out. */
export class BadCursorError extends AppError {
  readonly code = 'http/bad-cursor';
  readonly kind = 'invalid';

  constructor() {
    super('The cursor is not one that this API gave out; start again without a cursor');
  }
}

/** Turns a position (the last row's key) into an opaque text that is safe in a URL. */
export function encodeCursor(value: string): string {
  return Buffer.from(`1:${value}`).toString('base64url');
}

/** @throws {BadCursorError} when `text` did not come from encodeCursor */
export function decodeCursor(text: string): string {
  const decoded = Buffer.from(text, 'base64url').toString('utf8');
  if (!decoded.startsWith('1:') || encodeCursor(decoded.slice(2)) !== text) throw new BadCursorError();
  return decoded.slice(2);
}
