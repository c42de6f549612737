import { AuditModule } from '@app/audit';
import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PeopleBulk } from './import/people-bulk.service.js';
import { PeopleImport } from './import/people-import.service.js';
import { PeopleDirectoryRepository } from './people-directory.repository.js';
import { PeopleDirectory } from './people-directory.service.js';
import { PeopleImportController } from './people-import.controller.js';
import { PeopleController } from './people.controller.js';
import { PEOPLE_ENTITIES } from './people.entities.js';
import { PeopleRoster } from './people-roster.js';
import { PersonAttributes } from './person-attributes.js';
import { PeopleService } from './people.service.js';
import { UserMappingsService } from './user-mappings.service.js';
import { MappingsController } from './mappings.controller.js';

/** People, and the mapping of device users to them. */
@Module({
  imports: [AuditModule, TypeOrmModule.forFeature(PEOPLE_ENTITIES)],
  controllers: [PeopleImportController, PeopleController, MappingsController],
  providers: [
    PeopleService,
    PeopleDirectory,
    PeopleDirectoryRepository,
    PeopleImport,
    PeopleBulk,
    PeopleRoster,
    PersonAttributes,
    UserMappingsService,
  ],
  exports: [
    PeopleService,
    PeopleDirectory,
    PeopleImport,
    PeopleBulk,
    PeopleRoster,
    PersonAttributes,
    UserMappingsService,
  ],
})
export class PeopleModule {}
