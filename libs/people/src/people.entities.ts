import { Person } from './person.entity.js';
import { UserMapping } from './user-mapping.entity.js';

export const PEOPLE_ENTITIES = [Person, UserMapping];
