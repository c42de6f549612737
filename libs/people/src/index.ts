export { type AdoptedAttributes } from './adopted-attributes.js';
export { Person } from './person.entity.js';
export { type CardHolder, type MappedUser, PersonAttributes } from './person-attributes.js';
export { importReportView } from './dto/import-report.view.js';
export { type PersonView, personView } from './dto/person.view.js';
export {
  type ImportOptions,
  type ImportProgress,
  type ImportReport,
  PeopleImport,
} from './import/people-import.service.js';
export { PeopleBulk } from './import/people-bulk.service.js';
export {
  ImportRunningError,
  MissingUncertainError,
  PeopleFileError,
  type PeopleFileErrorCode,
  TooManyDeactivationsError,
} from './import/people-import.errors.js';
export { PeopleDirectory } from './people-directory.service.js';
export {
  InvalidPersonError,
  PeopleBusyError,
  PersonChangedError,
  PersonNotFoundError,
  ReferenceTakenError,
} from './people-directory.errors.js';
export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export { PEOPLE_ENTITIES } from './people.entities.js';
export { UserMapping } from './user-mapping.entity.js';
export { MappingTakenError, NoSuchMappingError, NoSuchPersonError } from './people.errors.js';
export { EndMappingQuery } from './dto/end-mapping.query.js';
export { type DeviceUserRef, type MappingEnding, UserMappingsService } from './user-mappings.service.js';
export { type MappingTraits, PeopleRoster, type RosterMapping, type RosterPerson } from './people-roster.js';
