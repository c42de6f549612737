import { randomUUID } from 'node:crypto';
import { currentRequestId, withRequestId } from '@app/logging';
import type { NextFunction, Request, Response } from 'express';

/** A caller may bring an id of its own so that its log and ours can be joined; anything unusual is replaced. */
const FOREIGN_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** Gives every request an id: in its answer, in its log lines and in its problem document. */
export function assignRequestId(request: Request, response: Response, next: NextFunction): void {
  if (currentRequestId() !== undefined) {
    next();
    return;
  }
  const given = request.header('x-request-id');
  const id = given && FOREIGN_REQUEST_ID.test(given) ? given : randomUUID();
  response.setHeader('X-Request-Id', id);
  withRequestId(id, next);
}
