import { Logger } from '@nestjs/common';
import type { Response } from 'express';
import { type IdempotencyStore, type KeyedRequest } from './idempotency.store.js';

/** Of an answer, what is given again besides status and body. */
export const REPLAYED_HEADERS = ['content-type', 'etag', 'location', 'www-authenticate'] as const;

const LONGEST_BODY = 64 * 1024;

/**
 * Keeps the answer to one request before it is sent: whoever has heard it can rely on hearing it again. An answer that
 * promises nothing (5xx, or one that says when to try again) is not kept, and neither is one that was streamed.
 */
export class AnswerKeeper {
  private readonly logger = new Logger(AnswerKeeper.name);
  private settled = false;

  constructor(
    private readonly store: IdempotencyStore,
    private readonly request: KeyedRequest,
    private readonly attempt: string,
  ) {}

  /** Takes hold of the answer, whichever way it comes: from a controller or from the error filter. */
  watch(response: Response, keep: 'answer' | 'status'): void {
    const send = response.send;
    response.send = (body?: unknown): Response => {
      // Express sends what is no text by turning it into text and sending that.
      if (this.settled || (typeof body !== 'string' && body !== undefined)) return send.call(response, body);
      this.settled = true;
      void this.settle(response, body ?? '', keep).finally(() => send.call(response, body));
      return response;
    };
    response.once('close', () => {
      if (!this.settled) void this.attempted(() => this.store.forget(this.request, this.attempt));
    });
  }

  private async settle(response: Response, body: string, keep: 'answer' | 'status'): Promise<void> {
    const { statusCode: status } = response;
    await this.attempted(() => {
      if (status >= 500 || response.hasHeader('retry-after')) return this.store.forget(this.request, this.attempt);
      if (keep === 'status' && status < 400) return this.store.keepStatus(this.request, this.attempt, status);
      if (Buffer.byteLength(body) > LONGEST_BODY) return this.store.keepStatus(this.request, this.attempt, status);
      return this.store.keep(this.request, this.attempt, { status, headers: headersOf(response), body });
    });
  }

  /** The request has been done, so its answer is given even when it cannot be kept; then the key is held for a while. */
  private async attempted(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.logger.error({ msg: 'the answer to a request with an Idempotency-Key was not kept', err: error });
    }
  }
}

function headersOf(response: Response): Record<string, string> {
  return Object.fromEntries(
    REPLAYED_HEADERS.flatMap((name) => {
      const value = response.getHeader(name);
      return value === undefined ? [] : [[name, String(value)]];
    }),
  );
}
