import { callerAddress } from '@app/http';
import { Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { BearerGuesses } from './bearer-guesses.js';
import { Authenticator, type Caller, type Credential } from './caller.js';
import { sessionCookieOf } from './session-cookie.js';

/** Longer than anything that we give out, and than any sensible ADMIN_TOKEN. */
const TOKEN = /^[\x21-\x7e]{1,512}$/;

/** Finds out who sent a request. */
@Injectable()
export class CallerIdentity {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly guesses: BearerGuesses,
  ) {}

  /**
   * Whoever the credential belongs to; undefined when it is not valid.
   * @throws {TooManyAttemptsError} too many that were not valid came from the same address
   */
  async identify(credential: Credential, request: Request): Promise<Caller | undefined> {
    const { secret } = credential;
    if (!TOKEN.test(secret)) return undefined;
    const address = callerAddress(request);
    this.guesses.requireMayTry(address, secret);
    const caller = await this.authenticator.authenticate(credential);
    if (caller) this.guesses.noteGood(secret);
    else this.guesses.noteFailure(address, secret);
    return caller;
  }
}

/** What a request shows: its bearer token if it has one, else its cookie; undefined: neither. */
export function credentialOf(request: Request): Credential | undefined {
  const [, secret] = /^Bearer +(\S+)$/i.exec(request.header('authorization') ?? '') ?? [];
  if (secret !== undefined) return { kind: 'bearer', secret };
  const cookie = sessionCookieOf(request);
  return cookie === undefined ? undefined : { kind: 'cookie', secret: cookie };
}
