import { AuditModule } from '@app/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { AAS_ENTITIES } from './aas-read.entity.js';
import { AAS_WORKER, AasReader, STANDARD_AAS_WORKER } from './aas-reader.js';
import { AasController } from './aas.controller.js';
import { AasService } from './aas.service.js';

/** The files of the AAS 6.0 attendance program: read, proven, and never written to. */
@Module({
  imports: [AuditModule, TypeOrmModule.forFeature(AAS_ENTITIES)],
  controllers: [AasController],
  providers: [AasReader, AasService, { provide: AAS_WORKER, useValue: STANDARD_AAS_WORKER }],
  exports: [AasReader, AasService],
})
export class AasModule {}
