import { randomUUID } from 'node:crypto';
import { Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { Request, Response } from 'express';
import { ClsModule } from 'nestjs-cls';
import { AppErrorFilter } from './app-error.filter.js';
import { requestValidation } from './request-validation.js';

/** A caller may bring an id of its own so that its log and ours can be joined; anything unusual is replaced. */
const FOREIGN_REQUEST_ID = /^[A-Za-z0-9._-]{8,64}$/;

/** What holds for every request: an id, one validation pipe, one error filter. */
@Module({
  imports: [
    ClsModule.forRoot({
      global: true,
      middleware: {
        mount: true,
        generateId: true,
        idGenerator: (request: Request) => {
          const given = request.header('x-request-id');
          return given && FOREIGN_REQUEST_ID.test(given) ? given : randomUUID();
        },
        setup: (cls, _request: Request, response: Response) => {
          response.setHeader('X-Request-Id', cls.getId());
        },
      },
    }),
  ],
  providers: [
    { provide: APP_FILTER, useClass: AppErrorFilter },
    { provide: APP_PIPE, useFactory: requestValidation },
  ],
})
export class HttpModule {}
