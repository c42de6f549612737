export { type AdoptedAttributes } from './adopted-attributes.js';
export { Person } from './person.entity.js';
export { type CardHolder, type MappedUser, PersonAttributes } from './person-attributes.js';
export { PeopleModule } from './people.module.js';
export { PeopleService } from './people.service.js';
export { PEOPLE_ENTITIES } from './people.entities.js';
export { UserMapping } from './user-mapping.entity.js';
