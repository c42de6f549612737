import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import { AppErrorFilter } from './app-error.filter.js';
import { assignRequestId } from './request-id.middleware.js';
import { requestValidation } from './request-validation.js';

/** What holds for every request: an id, one validation pipe, one error filter. */
@Module({
  providers: [
    { provide: APP_FILTER, useClass: AppErrorFilter },
    { provide: APP_PIPE, useFactory: requestValidation },
  ],
})
export class HttpModule implements NestModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(assignRequestId).forRoutes('{*path}');
  }
}
