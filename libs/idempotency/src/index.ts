export { IDEMPOTENCY_ENTITIES } from './idempotency-key.entity.js';
export {
  BadIdempotencyKeyError,
  IdempotencyInProgressError,
  IdempotencyKeyReusedError,
  IdempotencyNotReplayableError,
  IdempotencyUnsupportedError,
} from './idempotency.errors.js';
export { IdempotencyModule } from './idempotency.module.js';
export { IdempotencyStore } from './idempotency.store.js';
