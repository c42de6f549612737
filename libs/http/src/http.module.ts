import { AppConfig, ClockModule } from '@app/config';
import { type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { APP_FILTER, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { AppErrorFilter } from './app-error.filter.js';
import { assignRequestId } from './request-id.middleware.js';
import { RequestLimit } from './request-limit.js';
import { requestValidation } from './request-validation.js';
import { trustedProxies } from './trust-proxy.js';

/** What holds for every request: an id, an address, a limit of how many, one validation pipe, one error filter. */
@Module({
  imports: [ClockModule],
  providers: [
    { provide: APP_FILTER, useClass: AppErrorFilter },
    { provide: APP_PIPE, useFactory: requestValidation },
    RequestLimit,
  ],
  exports: [RequestLimit],
})
export class HttpModule implements NestModule {
  constructor(
    private readonly config: AppConfig,
    private readonly adapterHost: HttpAdapterHost,
    private readonly requestLimit: RequestLimit,
  ) {}

  configure(consumer: MiddlewareConsumer): void {
    const express = this.adapterHost.httpAdapter.getInstance<Express>();
    express.set('trust proxy', trustedProxies(this.config));
    consumer.apply(assignRequestId, this.requestLimit.middleware).forRoutes('{*path}');
  }
}
