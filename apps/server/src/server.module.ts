import { AccountsModule } from '@app/accounts';
import { AuditModule } from '@app/audit';
import { AuthModule } from '@app/auth';
import { BackupModule, DevicePastModule, ErasureModule } from '@app/backup';
import { BufferModule } from '@app/buffer';
import { AppConfig, ConfigModule } from '@app/config';
import { ConflictModule } from '@app/conflict';
import { DatabaseModule } from '@app/database';
import { DeviceGatewayModule } from '@app/device-gateway';
import { DeviceWriterModule } from '@app/device-writer';
import { DevicesModule } from '@app/devices';
import { DialInModule } from '@app/dial-in';
import { DrillModule } from '@app/drill';
import { HttpModule } from '@app/http';
import { IdempotencyModule } from '@app/idempotency';
import { LiveEventsModule } from '@app/live-events';
import { LoggingModule, NestLogger } from '@app/logging';
import { MonitoringModule } from '@app/monitoring';
import { MetricsEndpointModule } from '@app/metrics';
import { NotificationModule } from '@app/notification';
import { SuggestionsModule } from '@app/suggestions';
import { PeopleModule } from '@app/people';
import { readProgram } from '@app/program';
import { SyncServicesModule } from '@app/sync-services';
import { type DynamicModule, type MiddlewareConsumer, Module, type NestModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { TerminusModule } from '@nestjs/terminus';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Logger } from 'pino';
import { type HttpLogger, pinoHttp } from 'pino-http';
import { HealthController } from './health.controller.js';
import { StartOrder } from './start-order.js';
import { VersionController } from './version.controller.js';

/** Every feature of the server; the only place that switches schedules on. */
@Module({})
export class ServerModule implements NestModule {
  constructor(private readonly logger: NestLogger) {}

  static forRoot(options: { config: AppConfig; logger: Logger; databaseUrl: string }): DynamicModule {
    return {
      module: ServerModule,
      imports: [
        ConfigModule.forRoot(options.config),
        LoggingModule.forRoot(options.logger),
        DatabaseModule.forRoot({ url: options.databaseUrl, applicationName: 'holdfast-server' }),
        HttpModule,
        AuthModule,
        AccountsModule,
        IdempotencyModule,
        ScheduleModule.forRoot(),
        TerminusModule.forRoot({ logger: false }),
        AuditModule,
        BackupModule,
        BufferModule,
        DeviceGatewayModule,
        DevicesModule,
        DeviceWriterModule,
        ConflictModule,
        MonitoringModule,
        DevicePastModule,
        DrillModule,
        ErasureModule,
        NotificationModule,
        DialInModule,
        SuggestionsModule,
        PeopleModule,
        SyncServicesModule,
        LiveEventsModule,
        MetricsEndpointModule.forRoot({ version: readProgram().version }),
      ],
      controllers: [HealthController, VersionController],
      providers: [StartOrder],
    };
  }

  configure(consumer: MiddlewareConsumer): void {
    consumer.apply(requestLog(this.logger.pino)).forRoutes('{*path}');
  }
}

/** One line per request when it has been answered; health checks and scrapes, which come every few seconds, only when they fail. */
function requestLog(logger: Logger): HttpLogger<IncomingMessage, ServerResponse> {
  return pinoHttp<IncomingMessage, ServerResponse>({
    logger,
    customAttributeKeys: { responseTime: 'duration_ms' },
    // Not that of the work that made the answer end: who watches a run is another request than who began it.
    customProps: (_request, response) => ({ request_id: response.getHeader('x-request-id') }),
    serializers: {
      req: ({ method, url }: { method: string; url: string }) => ({ method, url }),
      res: ({ statusCode }: { statusCode: number }) => ({ status: statusCode }),
    },
    // A failure has been told already, by the filter that made the answer of it.
    customErrorObject: (_request, _response, _error, { err: _told, ...facts }: Record<string, unknown>) => facts,
    customErrorMessage: () => 'request failed',
    customLogLevel: (request, response) => {
      if (response.statusCode >= 500) return 'error';
      return /^\/(health|metrics)/.test(request.url ?? '') ? 'silent' : 'info';
    },
  });
}
