import { AuditModule } from '@app/audit';
import { AppConfig, ClockModule } from '@app/config';
import { MetricsModule } from '@app/metrics';
import { PeopleModule } from '@app/people';
import { SyncCoordinatorModule } from '@app/sync-coordinator';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { BUFFER_OPTIONS, type BufferOptions } from './buffer-options.js';
import { BufferMappingController } from './buffer-mapping.controller.js';
import { BufferMappingService } from './buffer-mapping.service.js';
import { BufferMetrics } from './buffer.metrics.js';
import { BufferController } from './buffer.controller.js';
import { BufferRepository } from './buffer.repository.js';
import { BufferSchedule } from './buffer.schedule.js';
import { DeviceUserBufferService } from './buffer.service.js';
import { BUFFER_ENTITIES } from './buffered-user.entity.js';

/** Keeps every device user that a terminal has shown, until someone says who it is. */
@Module({
  imports: [
    ClockModule,
    AuditModule,
    MetricsModule,
    PeopleModule,
    SyncCoordinatorModule,
    TypeOrmModule.forFeature(BUFFER_ENTITIES),
  ],
  controllers: [BufferController, BufferMappingController],
  providers: [
    DeviceUserBufferService,
    BufferMappingService,
    BufferRepository,
    BufferSchedule,
    BufferMetrics,
    {
      provide: BUFFER_OPTIONS,
      inject: [AppConfig],
      useFactory: (config: AppConfig): BufferOptions => ({ retentionDays: config.bufferRetentionDays }),
    },
  ],
  exports: [DeviceUserBufferService, BufferMappingService],
})
export class BufferModule {}
