import { type Tx } from '@app/database';
import { type DeviceUserId, type PersonRef, type PersonType } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type AdoptedAttributes } from './adopted-attributes.js';
import { takeMappingTurn } from './mapping-turn.js';

/** Whom a device user is mapped to now, and what the database holds of both. */
export interface MappedUser extends PersonRef {
  readonly mappingId: string;
  readonly deviceUserId: DeviceUserId;
  /** What device and database last agreed on; what was never told is missing. */
  readonly adopted: AdoptedAttributes;
  /** Undefined: the person has been deleted, and the mapping is left. */
  readonly person: { readonly name: string; readonly cardNumber: string | null } | undefined;
}

/** Somebody who has a card. */
export interface CardHolder extends PersonRef {
  readonly name: string;
  /** Without blanks around it and without leading zeros. */
  readonly cardNumber: string;
}

interface MappedRow {
  readonly mapping_id: string;
  readonly device_user_id: DeviceUserId;
  readonly person_id: string;
  readonly person_type: PersonType;
  readonly adopted: AdoptedAttributes;
  readonly person_name: string | null;
  readonly card_number: string | null;
}

const MAPPED = `select m.id as mapping_id, m.device_user_id, m.person_id, m.person_type, m.adopted,
       p.name as person_name, p.card_number
  from user_machine_mapping m left join people p on p.id = m.person_id and p.person_type = m.person_type
 where m.device_id = $1 and m.valid_to is null`;

/** What people and mappings hold of the attributes that a terminal holds too, for comparing and settling. */
@Injectable()
export class PersonAttributes {
  /** Everybody who is mapped on a device. */
  async mappedUsers(tx: Tx, deviceId: string): Promise<MappedUser[]> {
    return (await tx.query<MappedRow[]>(MAPPED, [deviceId])).map(mappedUserOf);
  }

  /** One mapped user; undefined: there is no mapping in force. */
  async findMappedUser(tx: Tx, deviceId: string, deviceUserId: string): Promise<MappedUser | undefined> {
    const rows = await tx.query<MappedRow[]>(`${MAPPED} and m.device_user_id = $2`, [deviceId, deviceUserId]);
    return rows.map(mappedUserOf)[0];
  }

  /**
   * As findMappedUser; person and mapping stay as they are until the transaction ends, whoever else wants to change them.
   * The person first, as whoever deletes one does.
   */
  async lockMappedUser(tx: Tx, deviceId: string, deviceUserId: string): Promise<MappedUser | undefined> {
    const found = await this.findMappedUser(tx, deviceId, deviceUserId);
    if (!found) return undefined;
    await tx.query('select 1 from people where id = $1 for no key update', [found.personId]);
    await takeMappingTurn(tx, [deviceId]);
    await tx.query('select 1 from user_machine_mapping where id = $1 for no key update', [found.mappingId]);
    const locked = await this.findMappedUser(tx, deviceId, deviceUserId);
    return locked?.mappingId === found.mappingId ? locked : undefined;
  }

  /** Of these cards, those that more than one active person has, with their holders in the order of their ids. */
  async sharedCards(tx: Tx, cardNumbers: readonly string[]): Promise<ReadonlyMap<string, readonly CardHolder[]>> {
    if (cardNumbers.length === 0) return new Map();
    const rows = await tx.query<{ id: string; person_type: PersonType; name: string; card: string }[]>(
      `with holders as (
         select id, person_type, name, ltrim(btrim(card_number), '0') as card from people
          where active and card_number is not null)
       select id, person_type, name, card from holders
        where card = any($1::text[]) and card in (select card from holders group by card having count(*) > 1)
        order by id`,
      [cardNumbers],
    );
    const holders = new Map<string, CardHolder[]>();
    for (const { id: personId, person_type: personType, name, card: cardNumber } of rows) {
      holders.set(cardNumber, [...(holders.get(cardNumber) ?? []), { personId, personType, name, cardNumber }]);
    }
    return holders;
  }

  /** Gives a person another name or card; undefined: as it is. Not audited: the caller's entry tells why. */
  async changePerson(
    tx: Tx,
    { personId, personType }: PersonRef,
    change: { readonly name?: string; readonly cardNumber?: string | null },
  ): Promise<void> {
    if (change.name === undefined && change.cardNumber === undefined) return;
    await tx.query(
      `update people set name = coalesce($3, name), card_number = case when $4 then $5 else card_number end,
              updated_at = clock_timestamp()
        where id = $1 and person_type = $2`,
      [personId, personType, change.name ?? null, change.cardNumber !== undefined, change.cardNumber ?? null],
    );
  }

  /** Adopts what a device tells for the first time; what is adopted already stays. */
  async adopt(
    tx: Tx,
    told: readonly { readonly mappingId: string; readonly attributes: AdoptedAttributes }[],
  ): Promise<void> {
    if (told.length === 0) return;
    await tx.query(
      `update user_machine_mapping m set adopted = told.attributes || m.adopted
         from unnest($1::bigint[], $2::jsonb[]) as told (id, attributes) where m.id = told.id`,
      [told.map(({ mappingId }) => mappingId), told.map(({ attributes }) => JSON.stringify(attributes))],
    );
  }

  /** Notes what device and database agree on from now on. */
  async recordAgreed(tx: Tx, mappingId: string, adopted: AdoptedAttributes): Promise<void> {
    await tx.query('update user_machine_mapping set adopted = $2 where id = $1', [mappingId, JSON.stringify(adopted)]);
  }
}

function mappedUserOf(row: MappedRow): MappedUser {
  const { mapping_id: mappingId, device_user_id: deviceUserId, person_id: personId, person_type: personType } = row;
  const { person_name: name, card_number: cardNumber, adopted } = row;
  const person = name === null ? undefined : { name, cardNumber };
  return { mappingId, deviceUserId, personId, personType, adopted, person };
}
