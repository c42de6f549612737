import { PERSON_TYPES, type PersonType } from '@app/kernel';
import { ApiProperty } from '@nestjs/swagger';
import { type OpenMapping } from '../people-directory.repository.js';
import { type Person } from '../person.entity.js';

/** A person as the API shows it. */
export class PersonView {
  @ApiProperty({ example: '42' }) readonly id: string;
  @ApiProperty({ enum: PERSON_TYPES }) readonly person_type: PersonType;
  @ApiProperty({ type: String, nullable: true, example: 'S-1042', description: 'The key in the HR or school system.' })
  readonly external_reference: string | null;
  @ApiProperty({ example: 'Mina Ward' }) readonly name: string;
  @ApiProperty({ type: String, nullable: true, example: '12345678' }) readonly card_number: string | null;
  @ApiProperty({ description: 'False: has left, and is kept.' }) readonly active: boolean;
  @ApiProperty({ example: 1, description: 'One more with each change; `"1"` is what If-Match takes.' })
  readonly version: number;
  @ApiProperty({ format: 'date-time' }) readonly created_at: string;
  @ApiProperty({ format: 'date-time' }) readonly updated_at: string;
}

/** A device user that is mapped to the person now. */
export class OpenMappingView {
  @ApiProperty({ example: '1' }) readonly device_id: string;
  @ApiProperty({ example: '9001' }) readonly device_user_id: string;
  @ApiProperty({ type: String, format: 'date-time', nullable: true, description: 'Null: from the beginning.' })
  readonly since: string | null;
}

/** A person, and who it is on which terminal. */
export class PersonDetailsView extends PersonView {
  @ApiProperty({ type: OpenMappingView, isArray: true }) readonly mappings: readonly OpenMappingView[];
}

export function personView(person: Person): PersonView {
  return {
    id: person.id,
    person_type: person.personType,
    external_reference: person.externalReference,
    name: person.name,
    card_number: person.cardNumber,
    active: person.active,
    version: person.version,
    created_at: person.createdAt.toISOString(),
    updated_at: person.updatedAt.toISOString(),
  };
}

export function personDetailsView(person: Person, mappings: readonly OpenMapping[]): PersonDetailsView {
  return {
    ...personView(person),
    mappings: mappings.map(({ deviceId, deviceUserId, since }) => ({
      device_id: deviceId,
      device_user_id: deviceUserId,
      since: since?.toISOString() ?? null,
    })),
  };
}
