import { DeviceUserAuditService } from '@app/audit';
import { sqlState, SqlState } from '@app/database';
import { type Actor } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { personEntry } from '../people-audit.js';
import { PeopleBusyError } from '../people-directory.errors.js';
import { takeTurn } from './import-session.js';
import { PERSON_COLUMNS, type PersonRow, readPersonRow, type RowRefusal, unreadableRow } from './person-row.js';
import { type ChangedPerson, StagedPeople } from './staged-people.js';

/** Makes and changes many people at once, each by itself: one that is refused stops no other. */
@Injectable()
export class PeopleBulk {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Takes rows as they came; gives what became of each, in their order. Safe to repeat.
   * @throws {PeopleBusyError} others change the same people and do not finish
   */
  async put(rows: readonly unknown[], actor: Actor): Promise<ChangedPerson[]> {
    try {
      return await this.dataSource.transaction(async (tx) => {
        await takeTurn(tx);
        const staged = new StagedPeople(tx);
        await staged.open();
        await staged.add(rows.map((row, i) => rowOf(row, i + 1)));
        await staged.refuse();
        await staged.apply();
        const results = await staged.changed(['created', 'updated', 'unchanged', 'refused']);
        await staged.close();
        await this.audit.logOperations(
          tx,
          results.flatMap((result) => entryOf(result, actor)),
        );
        return results;
      });
    } catch (error) {
      const state = sqlState(error);
      if (state === SqlState.LOCK_NOT_AVAILABLE || state === SqlState.DEADLOCK_DETECTED)
        throw new PeopleBusyError(error);
      throw error;
    }
  }
}

/** A row as it stands in JSON: texts, null for none, and `active` as a boolean. */
function rowOf(row: unknown, line: number): PersonRow {
  if (typeof row !== 'object' || row === null || Array.isArray(row)) {
    return unreadableRow(line, { code: 'not-a-person', message: 'this is no object with the properties of a person' });
  }
  const cells: Record<string, string> = {};
  const refusals: RowRefusal[] = [];
  for (const [property, value] of Object.entries(row)) {
    const wanted = property === 'active' ? 'boolean' : 'string';
    if (!(PERSON_COLUMNS as readonly string[]).includes(property)) {
      const message = `a person has no property ${JSON.stringify(property.slice(0, 100))}`;
      refusals.push({ code: 'not-a-person', message });
    } else if (value === null || typeof value === wanted) {
      cells[property] = value === null ? '' : String(value);
    } else {
      refusals.push({
        code: 'not-text',
        message: `${property} must be ${wanted === 'string' ? 'a text' : 'true or false'}`,
      });
    }
  }
  const read = readPersonRow(line, cells);
  return { ...read, refusals: [...refusals, ...read.refusals] };
}

function entryOf(result: ChangedPerson, actor: Actor): ReturnType<typeof personEntry>[] {
  const { personId, personType, externalReference, before, after, changed } = result;
  const about = { person_id: personId, person_type: personType };
  if (result.outcome === 'created') {
    return [personEntry('person_created', actor, { ...about, external_reference: externalReference, ...after })];
  }
  if (result.outcome !== 'updated' || !before) return [];
  const changes = Object.fromEntries(changed.map((field) => [field, { from: before[field], to: after[field] }]));
  return [personEntry('person_changed', actor, { ...about, changes })];
}
