import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PEOPLE_ENTITIES } from './people.entities.js';
import { PersonAttributes } from './person-attributes.js';
import { PeopleService } from './people.service.js';

/** People, and the mapping of device users to them. */
@Module({
  imports: [TypeOrmModule.forFeature(PEOPLE_ENTITIES)],
  providers: [PeopleService, PersonAttributes],
  exports: [PeopleService, PersonAttributes],
})
export class PeopleModule {}
