import { type ArgumentsHost, Catch, type ExceptionFilter } from '@nestjs/common';
import type { Response } from 'express';
import { REPLAYED_HEADERS } from './answer-keeper.js';
import { type KeptAnswer } from './idempotency.store.js';

/** Ends a request before it is done, with the answer that it got the first time. No error, but the way out of a guard. */
export class StoredAnswer extends Error {
  constructor(readonly answer: KeptAnswer) {
    super('This request was answered before');
  }
}

/** Gives the answer again, and says so. */
@Catch(StoredAnswer)
export class StoredAnswerFilter implements ExceptionFilter<StoredAnswer> {
  catch({ answer: { status, headers, body } }: StoredAnswer, host: ArgumentsHost): void {
    const response = host.switchToHttp().getResponse<Response>();
    response.status(status).setHeader('Idempotency-Replayed', 'true');
    for (const name of REPLAYED_HEADERS) if (headers[name] !== undefined) response.setHeader(name, headers[name]);
    if (body === '') response.end();
    else response.send(body);
  }
}
