import { MetricsModule } from '@app/metrics';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PUNCH_ENTITIES } from './punch.entity.js';
import { PunchMetrics } from './punch.metrics.js';
import { PunchesController } from './punches.controller.js';
import { PunchesRepository } from './punches.repository.js';
import { PunchesService } from './punches.service.js';

/** Attendance records: imported once, never deleted, attributed to whoever it was at that time. */
@Module({
  imports: [MetricsModule, TypeOrmModule.forFeature(PUNCH_ENTITIES)],
  controllers: [PunchesController],
  providers: [PunchesService, PunchesRepository, PunchMetrics],
  exports: [PunchesService],
})
export class PunchesModule {}
