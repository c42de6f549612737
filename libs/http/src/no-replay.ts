import { type CustomDecorator, SetMetadata } from '@nestjs/common';

export const NO_REPLAY = 'holdfast:no-replay';

/**
 * Marks a route whose answer holds a secret (a new key, a session, the set-up): its answer is never stored, so that a
 * repetition under the same Idempotency-Key is refused instead of answered again. It is still done once only.
 */
export function NoReplay(): CustomDecorator {
  return SetMetadata(NO_REPLAY, true);
}
