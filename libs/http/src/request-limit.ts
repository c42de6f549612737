import { AppConfig } from '@app/config';
import { AppError, Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import type { NextFunction, Request, Response } from 'express';
import { addressGroup, callerAddress } from './caller-address.js';
import { WindowCounter } from './window-counter.js';

const WINDOW_MS = 60_000;
/** Load balancers ask often, and must never hear that they ask too often. */
const NOT_COUNTED = /^\/health([/?]|$)/;

/** One address asks more than `REQUESTS_PER_MINUTE` allows. */
export class TooManyRequestsError extends AppError {
  readonly code = 'http/too-many-requests';
  readonly kind = 'too-many';

  constructor(limit: number, retryAfterSeconds: number) {
    super(
      `More than ${limit} requests in a minute came from this address; go on in ${retryAfterSeconds} s, or raise ` +
        'REQUESTS_PER_MINUTE',
      { details: { limit, retryAfterSeconds } },
    );
  }
}

/** Keeps one address from taking all the time of the server. Each server counts for itself. */
@Injectable()
export class RequestLimit {
  private readonly limit: number;
  private readonly counter: WindowCounter;
  private readonly counted = new WeakSet<Request>();

  constructor({ requestsPerMinute }: AppConfig, clock: Clock) {
    this.limit = requestsPerMinute;
    this.counter = new WindowCounter(clock, { limit: requestsPerMinute, windowMs: WINDOW_MS });
  }

  /** Express middleware; may stand in several places of a request's way, and counts it once. */
  readonly middleware = (request: Request, _response: Response, next: NextFunction): void => {
    if (this.limit === 0 || this.counted.has(request) || NOT_COUNTED.test(request.originalUrl)) {
      next();
      return;
    }
    this.counted.add(request);
    const seconds = this.counter.hit(addressGroup(callerAddress(request)));
    next(seconds > 0 ? new TooManyRequestsError(this.limit, seconds) : undefined);
  };
}
