export { type AdoptedAttributes } from './adopted-attributes.js';
export { Person } from './person.entity.js';
export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export { PEOPLE_ENTITIES } from './people.entities.js';
export { UserMapping } from './user-mapping.entity.js';
export { MappingTakenError, NoSuchMappingError, NoSuchPersonError } from './people.errors.js';
export { EndMappingQuery } from './dto/end-mapping.query.js';
export { type DeviceUserRef, type MappingEnding, UserMappingsService } from './user-mappings.service.js';
