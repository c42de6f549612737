import { CreateSchema1764000000000 } from './1764000000000-CreateSchema.js';

/** Every migration, oldest first. Once merged, one does not change. */
export const migrations = [CreateSchema1764000000000];
