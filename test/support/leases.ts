import { randomUUID } from 'node:crypto';
import { type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { type DataSource, type EntityManager } from 'typeorm';
import { type TestApp } from './test-app.js';

/** Works under a lease that nobody else wants: what only runs write cannot be written without one. */
export async function withTestLease<T>(app: TestApp, work: (lease: Lease) => Promise<T>): Promise<T> {
  return app.get(SyncCoordinator).withLease(`test:${randomUUID()}`, { service: 'test' }, work);
}

/** A transaction in which no trigger looks: to put rows where no path of the program would, or to tamper with them. */
export async function withoutTriggers<T>(dataSource: DataSource, work: (tx: EntityManager) => Promise<T>): Promise<T> {
  return dataSource.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica');
    return work(tx);
  });
}

/**
 * Empties tables and starts their numbering anew, guarded ones too. Row by row: for the few rows of a test that is many
 * times quicker than TRUNCATE, which makes new files.
 */
export async function emptyTables(dataSource: DataSource, ...tables: readonly string[]): Promise<void> {
  await withoutTriggers(dataSource, async (tx) => {
    for (const table of tables) await tx.query(`delete from ${table}`);
    await tx.query(
      `select setval(pg_get_serial_sequence(numbered.name, 'id'), 1, false)
         from (select t as name from unnest($1::text[]) as t
                 join pg_attribute a on a.attrelid = t::regclass and a.attname = 'id' and a.attidentity <> '' offset 0) numbered`,
      [tables],
    );
  });
}
