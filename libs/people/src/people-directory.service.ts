import { DeviceUserAuditService } from '@app/audit';
import { sqlState, SqlState, type Tx } from '@app/database';
import { type Actor, type PersonType } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import {
  PeopleBusyError,
  PersonChangedError,
  PersonNotFoundError,
  ReferenceTakenError,
} from './people-directory.errors.js';
import {
  type OpenMapping,
  PeopleDirectoryRepository,
  type PeopleFilter,
  type PeoplePage,
} from './people-directory.repository.js';
import { personEntry } from './people-audit.js';
import { canonicalValues, changesOf, type NewPerson, type PersonValues, type ToldPerson } from './person-values.js';
import { Person } from './person.entity.js';
import { UserMappingsService } from './user-mappings.service.js';

/** How often a person who comes and goes under our hands is looked for, before somebody is told to try again. */
const TRIES = 5;

/** Which external reference a person is known by, and to whom. */
export interface ExternalKey {
  readonly personType: PersonType;
  readonly externalReference: string;
}

/** Keeps people: who there is, what they are called, who has gone. Nothing here ever reaches a terminal. */
@Injectable()
export class PeopleDirectory {
  constructor(
    private readonly dataSource: DataSource,
    private readonly rows: PeopleDirectoryRepository,
    private readonly mappings: UserMappingsService,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /** A page of people, in the order in which they were made. @throws {BadCursorError} */
  async list(filter: PeopleFilter, page: { readonly limit: number; readonly cursor?: string }): Promise<PeoplePage> {
    return this.rows.list(filter, page);
  }

  /** A person, and which device users are mapped to it now. @throws {PersonNotFoundError} */
  async get(id: string): Promise<{ readonly person: Person; readonly mappings: readonly OpenMapping[] }> {
    const person = await this.dataSource.manager.findOneBy(Person, { id });
    if (!person) throw new PersonNotFoundError(id);
    return { person, mappings: await this.rows.openMappings(id) };
  }

  /** Makes a person. @throws {InvalidPersonError} @throws {ReferenceTakenError} @throws {PeopleBusyError} */
  async create({ personType, ...told }: NewPerson, actor: Actor): Promise<Person> {
    const values = completeValues(told);
    return this.writing(async (tx) => {
      const id = await this.rows.insert(tx, personType, values);
      if (id === undefined) throw new ReferenceTakenError(personType, String(values.externalReference));
      return this.created(tx, id, actor);
    });
  }

  /**
   * Changes what is told and leaves the rest; safe to repeat.
   * @param versions the versions that the caller has seen, one of which must be the present one; undefined: any
   * @throws {PersonNotFoundError} @throws {PersonChangedError} @throws {InvalidPersonError}
   * @throws {ReferenceTakenError} @throws {PeopleBusyError}
   */
  async change(id: string, told: ToldPerson, actor: Actor, versions?: readonly number[]): Promise<Person> {
    const wanted = canonicalValues(told);
    return this.writing(async (tx) => {
      const before = await this.lock(tx, { id });
      if (!before) throw new PersonNotFoundError(id);
      if (versions && !versions.includes(before.version)) throw new PersonChangedError(id, before.version);
      return this.changed(tx, before, wanted, actor);
    });
  }

  /**
   * Makes the person of an external reference, or changes it to what is told; safe to repeat.
   * @throws {InvalidPersonError} @throws {PeopleBusyError}
   */
  async put(
    { personType, externalReference }: ExternalKey,
    told: NewPerson,
    actor: Actor,
  ): Promise<{ readonly person: Person; readonly isNew: boolean }> {
    const wanted = canonicalValues({ ...told, externalReference });
    const key = { personType, externalReference: String(wanted.externalReference) };
    return this.writing(async (tx) => {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const id = await this.rows.insert(tx, personType, completeValues({ ...told, externalReference }));
        if (id !== undefined) return { person: await this.created(tx, id, actor), isNew: true };
        const before = await this.lock(tx, key);
        if (before) return { person: await this.changed(tx, before, wanted, actor), isNew: false };
      }
      throw new PeopleBusyError(new Error(`${key.externalReference} comes and goes`));
    });
  }

  /**
   * Deletes a person and ends its mappings, whose history stays. Its device users stay on their terminals as they are
   * (requirement 3.3). @throws {PersonNotFoundError} @throws {PeopleBusyError}
   */
  async remove(id: string, actor: Actor): Promise<void> {
    await this.writing(async (tx) => {
      const person = await this.lock(tx, { id });
      if (!person) throw new PersonNotFoundError(id);
      const ended = await this.mappings.unlinkPerson(tx, id, 'person deleted', actor);
      await tx.delete(Person, { id });
      const about = { person_id: id, person_type: person.personType };
      const { externalReference, name } = person;
      const details = { ...about, external_reference: externalReference, name, mappings_ended: ended };
      await this.audit.logOperation(tx, personEntry('person_deleted', actor, details));
    });
  }

  private async lock(tx: Tx, where: { id: string } | ExternalKey): Promise<Person | null> {
    return tx.findOne(Person, { where, lock: { mode: 'pessimistic_write' } });
  }

  private async created(tx: Tx, id: string, actor: Actor): Promise<Person> {
    const person = await tx.findOneByOrFail(Person, { id });
    const { personType, externalReference, name, cardNumber, active } = person;
    const values = { external_reference: externalReference, name, card_number: cardNumber, active };
    const details = { person_id: id, person_type: personType, ...values };
    await this.audit.logOperation(tx, personEntry('person_created', actor, details));
    return person;
  }

  private async changed(tx: Tx, before: Person, wanted: Partial<PersonValues>, actor: Actor): Promise<Person> {
    const changes = changesOf(before, wanted);
    if (Object.keys(changes).length === 0) return before;
    const { id, personType } = before;
    const values = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
    try {
      await tx.update(Person, { id }, values);
    } catch (error) {
      if (sqlState(error) !== SqlState.UNIQUE_VIOLATION) throw error;
      throw new ReferenceTakenError(personType, String(values.externalReference), error);
    }
    const details = { person_id: id, person_type: personType, changes };
    await this.audit.logOperation(tx, personEntry('person_changed', actor, details));
    return tx.findOneByOrFail(Person, { id });
  }

  private async writing<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    try {
      return await this.dataSource.transaction(work);
    } catch (error) {
      const state = sqlState(error);
      if (state === SqlState.LOCK_NOT_AVAILABLE || state === SqlState.DEADLOCK_DETECTED)
        throw new PeopleBusyError(error);
      throw error;
    }
  }
}

/** Of a new person, what is not told: no reference, no card, active. */
function completeValues(told: ToldPerson & { readonly name: string }): PersonValues {
  const { externalReference = null, name = told.name, cardNumber = null, active = true } = canonicalValues(told);
  return { externalReference, name, cardNumber, active };
}
