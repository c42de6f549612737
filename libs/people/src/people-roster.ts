import { type PersonType } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';

/** What tells an active person from others. */
export interface RosterPerson {
  readonly personId: string;
  readonly personType: PersonType;
  readonly externalReference: string | null;
  readonly name: string;
  readonly cardNumber: string | null;
}

/** A mapping in force, with what its device showed of the user when it was made. */
export interface RosterMapping {
  readonly personId: string;
  readonly deviceId: string;
  readonly deviceUserId: string;
  readonly name: string | null;
  readonly cardNumber: string | null;
}

/** What mappings on other devices are to share with a user: an ID, a name (whatever its case) or a card, each in canonical form. */
export interface MappingTraits {
  readonly deviceUserIds: readonly string[];
  readonly names: readonly string[];
  readonly cardNumbers: readonly string[];
}

const BATCH = 2_000;

/** Reads who there is, for whoever compares: active people, and the mappings in force. Writes nothing. */
@Injectable()
export class PeopleRoster {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * A text that is another one whenever any active person has become another, whichever way that happened. Costs one
   * pass over the table.
   */
  async changeMark(): Promise<string> {
    const [{ mark }] = await this.dataSource.query<[{ mark: string }]>(
      `select count(*) || ':' || coalesce(sum(hashtextextended(
                jsonb_build_array(id, person_type, external_reference, name, card_number)::text, 0)), 0) as mark
         from people where active`,
    );
    return mark;
  }

  /** All active people in the order of their ids, in batches; who is added or changed meanwhile may be missing or old. */
  async *activePeople(): AsyncGenerator<RosterPerson[]> {
    let after = '0';
    for (;;) {
      const people = await this.dataSource.query<RosterPerson[]>(
        `select id as "personId", person_type as "personType", external_reference as "externalReference", name,
                card_number as "cardNumber"
           from people where active and id > $1 order by id limit $2`,
        [after, BATCH],
      );
      if (people.length > 0) yield people;
      const last = people.at(-1);
      if (last === undefined || people.length < BATCH) return;
      after = last.personId;
    }
  }

  /** The people who have a mapping in force on these devices: `<device>:<person>`. */
  async mappedOn(deviceIds: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await this.dataSource.query<{ device_id: string; person_id: string }[]>(
      'select device_id, person_id from user_machine_mapping where valid_to is null and device_id = any($1::bigint[])',
      [deviceIds],
    );
    return new Set(rows.map(({ device_id: device, person_id: person }) => `${device}:${person}`));
  }

  /** Mappings in force that share at least one of these. */
  async mappingsLike({ deviceUserIds, names, cardNumbers }: MappingTraits): Promise<RosterMapping[]> {
    return this.dataSource.query<RosterMapping[]>(
      `select person_id as "personId", device_id as "deviceId", device_user_id as "deviceUserId",
              adopted ->> 'name' as "name", adopted ->> 'card_number' as "cardNumber"
         from user_machine_mapping
        where valid_to is null and (device_user_id = any($1::text[]) or lower(adopted ->> 'name') = any($2::text[])
              or ltrim(adopted ->> 'card_number', '0') = any($3::text[]))
        order by id`,
      [deviceUserIds, names.map((name) => name.toLowerCase()), cardNumbers],
    );
  }
}
