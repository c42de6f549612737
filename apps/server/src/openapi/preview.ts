import 'reflect-metadata';
import { AppConfig } from '@app/config';
import { createLogger } from '@app/logging';
import { NestFactory } from '@nestjs/core';
import { type OpenAPIObject } from '@nestjs/swagger';
import { ServerModule } from '../server.module.js';
import { describeApi } from './describe-api.js';

/** The document of this program, without starting it: Nest looks at the modules and makes nothing of them. */
export async function previewApi(): Promise<OpenAPIObject> {
  const module = ServerModule.forRoot({
    config: AppConfig.fromEnv({}),
    logger: createLogger('silent'),
    databaseUrl: 'postgresql://nowhere.invalid/none',
  });
  const app = await NestFactory.create(module, { preview: true, logger: false, abortOnError: false });
  return describeApi(app);
}
