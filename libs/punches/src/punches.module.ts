import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PUNCH_ENTITIES } from './punch.entity.js';
import { PunchesController } from './punches.controller.js';
import { PunchesRepository } from './punches.repository.js';
import { PunchesService } from './punches.service.js';

/** Attendance records: imported once, never deleted, attributed to whoever it was at that time. */
@Module({
  imports: [TypeOrmModule.forFeature(PUNCH_ENTITIES)],
  controllers: [PunchesController],
  providers: [PunchesService, PunchesRepository],
  exports: [PunchesService],
})
export class PunchesModule {}
