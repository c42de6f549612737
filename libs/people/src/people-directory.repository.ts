import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { type PersonType } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Brackets, type Repository } from 'typeorm';
import { type PersonValues } from './person-values.js';
import { Person } from './person.entity.js';

/** Whom to list; every part is optional, together they narrow. */
export interface PeopleFilter {
  readonly personType?: PersonType;
  readonly active?: boolean;
  /** Whether any device user is mapped to the person now. */
  readonly mapped?: boolean;
  /** Part of a name, external reference or card number, in any case; leading zeros of a card do not matter. */
  readonly text?: string;
}

/** People in the order in which they were made, and where the next page begins. */
export interface PeoplePage {
  readonly items: Person[];
  readonly nextCursor: string | null;
}

/** A device user that is mapped to a person now. */
export interface OpenMapping {
  readonly id: string;
  readonly deviceId: string;
  readonly deviceUserId: string;
  /** Null: from the beginning. */
  readonly since: Date | null;
}

const IS_MAPPED = 'exists (select from user_machine_mapping m where m.person_id = person.id and m.valid_to is null)';

/** The questions to `people` that are long. */
@Injectable()
export class PeopleDirectoryRepository {
  constructor(@InjectRepository(Person) private readonly people: Repository<Person>) {}

  async list(filter: PeopleFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<PeoplePage> {
    const query = this.people
      .createQueryBuilder('person')
      .orderBy('person.id', 'ASC')
      .take(page.limit + 1);
    const narrow = (condition: string, name: string, value: unknown): void => {
      if (value !== undefined) query.andWhere(condition, { [name]: value });
    };
    narrow('person.id > :after', 'after', page.cursor === undefined ? undefined : decodeCursor(page.cursor));
    narrow('person.personType = :personType', 'personType', filter.personType);
    narrow('person.active = :active', 'active', filter.active);
    narrow(`${IS_MAPPED} = :mapped`, 'mapped', filter.mapped);
    if (filter.text !== undefined) {
      const text = filter.text.trim().replace(/\s+/gu, ' ').normalize('NFC');
      query.andWhere(
        new Brackets((either) =>
          either
            .where('person.name ilike :text', { text: anywhere(text) })
            .orWhere('person.externalReference ilike :text')
            .orWhere('person.cardNumber like :card', { card: anywhere(text.replace(/^0+(?=.)/, '')) }),
        ),
      );
    }
    const items = await query.getMany();
    const last = items.length > page.limit ? items[page.limit - 1] : undefined;
    return { items: items.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  async openMappings(personId: string): Promise<OpenMapping[]> {
    return this.people.query<OpenMapping[]>(
      `select id, device_id as "deviceId", device_user_id as "deviceUserId",
              case when valid_from > 'epoch' then valid_from end as since
         from user_machine_mapping where person_id = $1 and valid_to is null order by device_id, id`,
      [personId],
    );
  }

  /** Makes a person; gives its id, undefined when the external reference is taken. A rival who is just taking it is waited for. */
  async insert(tx: Tx, personType: PersonType, values: PersonValues): Promise<string | undefined> {
    const [made] = await tx.query<{ id: string }[]>(
      `insert into people (person_type, external_reference, name, card_number, active) values ($1, $2, $3, $4, $5)
       on conflict (person_type, external_reference) do nothing returning id`,
      [personType, values.externalReference, values.name, values.cardNumber, values.active],
    );
    return made?.id;
  }
}

/** The pattern of a text that may stand anywhere. */
function anywhere(text: string): string {
  return `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`;
}
