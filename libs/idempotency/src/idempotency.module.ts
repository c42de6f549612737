import { Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { IDEMPOTENCY_ENTITIES } from './idempotency-key.entity.js';
import { IdempotencyGuard } from './idempotency.guard.js';
import { IdempotencySchedule } from './idempotency.schedule.js';
import { IdempotencyStore } from './idempotency.store.js';
import { StoredAnswerFilter } from './stored-answer.js';

/**
 * Makes every changing route safe to repeat under an Idempotency-Key, by being imported: after HttpModule, whose filter
 * takes what no other one does, and after AuthModule, whose guard knows the caller.
 */
@Module({
  imports: [TypeOrmModule.forFeature(IDEMPOTENCY_ENTITIES)],
  providers: [
    IdempotencyStore,
    IdempotencySchedule,
    { provide: APP_GUARD, useClass: IdempotencyGuard },
    { provide: APP_FILTER, useClass: StoredAnswerFilter },
  ],
  exports: [IdempotencyStore],
})
export class IdempotencyModule {}
