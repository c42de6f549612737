import { AppError, type PersonRef } from '@app/kernel';

/** A mapping names a person whom the people table does not hold. */
export class NoSuchPersonError extends AppError {
  readonly code = 'people/no-such-person';
  readonly kind = 'invalid';

  constructor({ personId, personType }: PersonRef) {
    super(`There is no ${personType} with the id ${personId}; nothing was mapped. GET /api/people finds people`, {
      details: { personId, personType },
    });
  }
}

/** The device user has another person, or the person another ID on that device. Nothing is ever moved by itself. */
export class MappingTakenError extends AppError {
  readonly code = 'people/mapping-taken';
  readonly kind = 'conflict';

  private constructor(message: string, taken: MappedPair) {
    super(`${message}; remove that mapping first if it is wrong`, {
      details: { mappingId: taken.mappingId, deviceUserId: taken.deviceUserId, personId: taken.personId },
    });
  }

  static userIsTaken(taken: MappedPair): MappingTakenError {
    const { deviceUserId, deviceId, personType, personId } = taken;
    const whom = `${personType} ${personId}`;
    return new MappingTakenError(`User ${deviceUserId} of device ${deviceId} is mapped to ${whom}`, taken);
  }

  static personIsTaken(taken: MappedPair): MappingTakenError {
    const { deviceUserId, deviceId, personType, personId } = taken;
    const who = `${personType} ${personId}`;
    return new MappingTakenError(`On device ${deviceId}, ${who} is mapped to user ${deviceUserId}`, taken);
  }
}

/** No open mapping has this id, or the user has none. */
export class NoSuchMappingError extends AppError {
  readonly code = 'people/no-such-mapping';
  readonly kind = 'not-found';

  constructor(what: string) {
    super(`${what}; GET /api/device-users/mappings lists the mappings in force`);
  }
}

/** What stands in the way of a mapping. */
interface MappedPair {
  readonly mappingId: string;
  readonly deviceId: string;
  readonly deviceUserId: string;
  readonly personId: string;
  readonly personType: string;
}
