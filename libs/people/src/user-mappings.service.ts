import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { decodeCursor, encodeCursor } from '@app/http';
import { type Actor, type PersonRef } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource, type FindOptionsWhere, IsNull, MoreThan } from 'typeorm';
import { type AdoptedAttributes } from './adopted-attributes.js';
import { MappingTakenError, NoSuchMappingError, NoSuchPersonError } from './people.errors.js';
import { Person } from './person.entity.js';
import { takeMappingTurn } from './mapping-turn.js';
import { UserMapping } from './user-mapping.entity.js';

/** Which user of which device. */
export interface DeviceUserRef {
  readonly deviceId: string;
  readonly deviceUserId: string;
}

export const MAPPING_ENDINGS = ['ended', 'mistaken'] as const;
/** `ended`: it was right until now, and its punches stay the person's. `mistaken`: it never was right, and they do not. */
export type MappingEnding = (typeof MAPPING_ENDINGS)[number];

/** Mappings in force, in the order in which they were made. */
export interface MappingPage {
  readonly items: UserMapping[];
  readonly nextCursor: string | null;
}

/**
 * Links device users to people and unlinks them. The status of the buffer and the attribution of punches follow in the
 * same transaction, by triggers of the database.
 */
@Injectable()
export class UserMappingsService {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Links a device user to a person, in the caller's transaction; false: this very link is there already, and nothing
   * was changed or audited.
   * @throws {NoSuchPersonError} @throws {MappingTakenError}
   */
  async link(
    tx: Tx,
    user: DeviceUserRef & { readonly name: string | null; readonly adopted: AdoptedAttributes },
    person: PersonRef,
    actor: Actor,
  ): Promise<boolean> {
    const { deviceId, deviceUserId, name, adopted } = user;
    await this.requirePerson(tx, person);
    await takeMappingTurn(tx, [deviceId]);
    const ofUser = await this.findOpen(tx, { deviceId, deviceUserId });
    if (ofUser?.personId === person.personId) return false;
    if (ofUser) throw MappingTakenError.userIsTaken({ ...ofUser, mappingId: ofUser.id });
    const ofPerson = await this.findOpen(tx, { deviceId, personId: person.personId });
    if (ofPerson) throw MappingTakenError.personIsTaken({ ...ofPerson, mappingId: ofPerson.id });
    await tx
      .createQueryBuilder()
      .insert()
      .into(UserMapping)
      .values({ deviceId, deviceUserId, ...person, adopted, createdBy: actor.name })
      .updateEntity(false)
      .execute();
    await this.audit.logOperation(tx, {
      operation: 'user_mapped',
      deviceId,
      deviceUserId,
      deviceUserName: name,
      performedBy: actor,
      serviceName: 'people',
      details: { person_id: person.personId, person_type: person.personType },
    });
    return true;
  }

  /** Ends the mapping of a device user, in the caller's transaction. @throws {NoSuchMappingError} it has none */
  async unlink(tx: Tx, user: DeviceUserRef, ending: MappingEnding, actor: Actor): Promise<void> {
    const { deviceId, deviceUserId } = user;
    await takeMappingTurn(tx, [deviceId]);
    const mapping = await this.findOpen(tx, { deviceId, deviceUserId });
    if (!mapping) throw new NoSuchMappingError(`User ${deviceUserId} of device ${deviceId} is not mapped to anybody`);
    await this.end(tx, mapping, { ending }, actor);
  }

  /** Ends a mapping in force. @throws {NoSuchMappingError} */
  async endMapping(id: string, ending: MappingEnding, actor: Actor): Promise<void> {
    await this.dataSource.transaction(async (tx) => {
      const found = await this.findOpen(tx, { id });
      if (found) await takeMappingTurn(tx, [found.deviceId]);
      const mapping = found && (await this.findOpen(tx, { id }));
      if (!mapping) throw new NoSuchMappingError(`No mapping in force has the id ${id}`);
      await this.end(tx, mapping, { ending }, actor);
    });
  }

  /** Ends all mappings of a person whose row the caller has locked for deleting it; gives how many there were. */
  async unlinkPerson(tx: Tx, personId: string, reason: string, actor: Actor): Promise<number> {
    const openOnes = { where: { personId, validTo: IsNull() }, order: { id: 'ASC' } } as const;
    const found = await tx.find(UserMapping, openOnes);
    await takeMappingTurn(
      tx,
      found.map(({ deviceId }) => deviceId),
    );
    const mappings = await tx.find(UserMapping, openOnes);
    for (const mapping of mappings) await this.end(tx, mapping, { ending: 'ended', reason }, actor);
    return mappings.length;
  }

  /** A page of the mappings in force. @throws {BadCursorError} */
  async listOpen(
    filter: { readonly deviceId?: string; readonly personId?: string },
    page: { readonly limit: number; readonly cursor?: string },
  ): Promise<MappingPage> {
    const where: FindOptionsWhere<UserMapping> = {
      validTo: IsNull(),
      ...(filter.deviceId === undefined ? {} : { deviceId: filter.deviceId }),
      ...(filter.personId === undefined ? {} : { personId: filter.personId }),
      ...(page.cursor === undefined ? {} : { id: MoreThan(decodeCursor(page.cursor)) }),
    };
    const found = await this.dataSource
      .getRepository(UserMapping)
      .find({ where, order: { id: 'ASC' }, take: page.limit + 1 });
    const last = found.length > page.limit ? found[page.limit - 1] : undefined;
    return { items: found.slice(0, page.limit), nextCursor: last ? encodeCursor(last.id) : null };
  }

  private async end(
    tx: Tx,
    mapping: UserMapping,
    how: { readonly ending: MappingEnding; readonly reason?: string },
    actor: Actor,
  ): Promise<void> {
    const validTo = how.ending === 'mistaken' ? 'valid_from' : 'greatest(clock_timestamp(), valid_from)';
    await tx.update(UserMapping, { id: mapping.id }, { validTo: () => validTo, endedBy: actor.name });
    await this.audit.logOperation(tx, {
      operation: 'user_unmapped',
      deviceId: mapping.deviceId,
      deviceUserId: mapping.deviceUserId,
      performedBy: actor,
      serviceName: 'people',
      details: { person_id: mapping.personId, person_type: mapping.personType, ...how },
    });
  }

  /** Holds the person's row until the end, so that nobody is mapped to a person who is just being deleted. */
  private async requirePerson(tx: Tx, person: PersonRef): Promise<void> {
    const { personId: id, personType } = person;
    const found = await tx.findOne(Person, { where: { id, personType }, lock: { mode: 'for_key_share' } });
    if (!found) throw new NoSuchPersonError(person);
  }

  private findOpen(tx: Tx, where: FindOptionsWhere<UserMapping>): Promise<UserMapping | null> {
    return tx.findOne(UserMapping, { where: { ...where, validTo: IsNull() } });
  }
}
