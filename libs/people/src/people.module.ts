import { AuditModule } from '@app/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PEOPLE_ENTITIES } from './people.entities.js';
import { PeopleRoster } from './people-roster.js';
import { PersonAttributes } from './person-attributes.js';
import { PeopleService } from './people.service.js';
import { UserMappingsService } from './user-mappings.service.js';
import { MappingsController } from './mappings.controller.js';

/** People, and the mapping of device users to them. */
@Module({
  imports: [AuditModule, TypeOrmModule.forFeature(PEOPLE_ENTITIES)],
  controllers: [MappingsController],
  providers: [PeopleService, PeopleRoster, PersonAttributes, UserMappingsService],
  exports: [PeopleService, PeopleRoster, PersonAttributes, UserMappingsService],
})
export class PeopleModule {}
