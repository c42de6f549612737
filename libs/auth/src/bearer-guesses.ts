import { createHash } from 'node:crypto';
import { addressGroup, WindowCounter } from '@app/http';
import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { TooManyAttemptsError } from './auth.errors.js';

const FAILURES = { limit: 100, windowMs: 60_000 };
/** How many tokens that were good are remembered. */
const MOST_KNOWN = 10_000;

/**
 * Slows down who tries tokens: after 100 wrong ones in a minute, an address may only use tokens that have been good
 * before. So whoever shares it, behind a proxy perhaps, keeps on working.
 */
@Injectable()
export class BearerGuesses {
  private readonly failures: WindowCounter;
  /** Digests of tokens that were good when they were last used, oldest first. */
  private readonly known = new Set<string>();

  constructor(clock: Clock) {
    this.failures = new WindowCounter(clock, FAILURES);
  }

  /** @throws {TooManyAttemptsError} too many failed from this address, and this one has not been good before */
  requireMayTry(address: string, secret: string): void {
    const seconds = this.failures.secondsBlocked(addressGroup(address));
    if (seconds > 0 && !this.known.has(digestOf(secret))) throw new TooManyAttemptsError(seconds);
  }

  noteFailure(address: string, secret: string): void {
    this.known.delete(digestOf(secret));
    this.failures.hit(addressGroup(address));
  }

  /** Also for a token that has just been given out. */
  noteGood(secret: string): void {
    const digest = digestOf(secret);
    this.known.delete(digest);
    this.known.add(digest);
    const [oldest] = this.known;
    if (this.known.size > MOST_KNOWN) this.known.delete(oldest);
  }
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64');
}
