import { createHash, createHmac } from 'node:crypto';
import { type AuthenticatedRequest } from '@app/auth';
import { NO_REPLAY, PUBLIC_ROUTE } from '@app/http';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Response } from 'express';
import { AnswerKeeper } from './answer-keeper.js';
import { BadIdempotencyKeyError, IdempotencyUnsupportedError, LONGEST_KEY } from './idempotency.errors.js';
import { IdempotencyStore, type KeyedRequest } from './idempotency.store.js';
import { StoredAnswer } from './stored-answer.js';

const METHODS = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const KEY = new RegExp(`^[\\x21-\\x7e]{1,${LONGEST_KEY}}$`);

/**
 * Does a changing request once, however often it is sent with the same Idempotency-Key: a repetition is answered with
 * what the first one was answered with. It stands behind the guard that knows the caller, who passes that one each time.
 * A guard and no interceptor, since with those Nest begins an event stream before it knows whether there is one.
 */
@Injectable()
export class IdempotencyGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly store: IdempotencyStore,
  ) {}

  /** @throws {StoredAnswer} to a repetition; and whatever {@link IdempotencyStore.claim} throws */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<AuthenticatedRequest>();
    const key = request.header('idempotency-key');
    if (key === undefined || !METHODS.has(request.method)) return true;
    const targets = [context.getHandler(), context.getClass()];
    // Without a caller there is nobody to keep an answer for.
    if (this.reflector.getAllAndOverride<boolean>(PUBLIC_ROUTE, targets)) return true;
    if (!request.caller) throw new Error('IdempotencyGuard was asked before the guard that knows the caller');
    const keyed = keyedRequest(request, request.caller.actor.name, key);
    const claim = await this.store.claim(keyed);
    if ('answer' in claim) throw new StoredAnswer(claim.answer);
    const secret = this.reflector.getAllAndOverride<boolean>(NO_REPLAY, targets);
    const keeper = new AnswerKeeper(this.store, keyed, claim.attempt);
    keeper.watch(context.switchToHttp().getResponse<Response>(), secret ? 'status' : 'answer');
    return true;
  }
}

/** @throws {BadIdempotencyKeyError} {@link IdempotencyUnsupportedError} */
function keyedRequest(request: AuthenticatedRequest, actor: string, key: string): KeyedRequest {
  if (!KEY.test(key)) throw new BadIdempotencyKeyError();
  if (hasBody(request) && request.is('json') === false) throw new IdempotencyUnsupportedError();
  const { method, originalUrl, path } = request;
  const whole = [method, originalUrl, request.header('if-match') ?? '', JSON.stringify(request.body ?? null)];
  return {
    actor,
    keyHash: createHash('sha256').update(key).digest(),
    request: `${method} ${path}`.slice(0, 500),
    digest: createHmac('sha256', key).update(whole.join('\n')).digest(),
  };
}

function hasBody(request: AuthenticatedRequest): boolean {
  return request.header('transfer-encoding') !== undefined || Number(request.header('content-length') ?? 0) > 0;
}
