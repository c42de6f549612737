import { sqlState, SqlState, type Tx } from '@app/database';
import { type DataSource, type QueryRunner } from 'typeorm';
import { type PoolClient } from 'pg';
import { PeopleBusyError } from '../people-directory.errors.js';
import { ImportRunningError } from './people-import.errors.js';
import { StagedPeople } from './staged-people.js';

/** One import at a time has the right to keep a connection while its file arrives. */
const IMPORT_LOCK = 4_370_010;
/** One merge at a time, of a file or of a list, so that two that lock many people never meet crosswise. */
const MERGE_LOCK = 4_370_011;
const MERGE_PATIENCE = '20s';
/** A statement over all rows of the largest file may take this long on a slow machine. */
const MERGE_STATEMENT = '5min';
/** A merge can be the victim of somebody who changes one person's reference meanwhile. */
const TRIES = 3;

/** Waits for the turn to merge, until the transaction ends. */
export async function takeTurn(tx: Tx): Promise<void> {
  await tx.query(`set local lock_timeout = '${MERGE_PATIENCE}'`);
  await tx.query('select pg_advisory_xact_lock($1)', [MERGE_LOCK]);
}

/**
 * A connection of one import: it holds the lock and the staged rows, while no transaction is open for as long as the file
 * arrives. Nothing of it is left when it is disposed of, or when its process dies.
 */
export class ImportSession implements AsyncDisposable {
  readonly staged: StagedPeople;

  private constructor(
    private readonly runner: QueryRunner,
    private readonly client: PoolClient,
  ) {
    this.staged = new StagedPeople(runner.manager);
  }

  /** @throws {ImportRunningError} another import is under way */
  static async open(dataSource: DataSource): Promise<ImportSession> {
    const runner = dataSource.createQueryRunner();
    const session = new ImportSession(runner, (await runner.connect()) as PoolClient);
    try {
      const [{ taken }] = await runner.manager.query<{ taken: boolean }[]>('select pg_try_advisory_lock($1) as taken', [
        IMPORT_LOCK,
      ]);
      if (!taken) throw new ImportRunningError();
      await session.staged.open();
      return session;
    } catch (error) {
      if (error instanceof ImportRunningError) await runner.release();
      else await session[Symbol.asyncDispose]();
      throw error;
    }
  }

  /**
   * Merges in one transaction, which is kept if `work` says so, and as if it had never been otherwise.
   * @throws {PeopleBusyError} others change the same people and do not finish
   */
  async merge<T>(work: (tx: Tx) => Promise<{ readonly result: T; readonly keep: boolean }>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      await this.runner.startTransaction();
      try {
        await takeTurn(this.runner.manager);
        await this.runner.query(`set local statement_timeout = '${MERGE_STATEMENT}'`);
        // How many rows are new or changed is what no statistics know: guessed too low, a nested loop would compare every
        // row with every other, for minutes. A hash join costs the same whatever was guessed.
        await this.runner.query('set local enable_nestloop = off');
        const { result, keep } = await work(this.runner.manager);
        if (keep) await this.runner.commitTransaction();
        else await this.runner.rollbackTransaction();
        return result;
      } catch (error) {
        if (this.runner.isTransactionActive) await this.runner.rollbackTransaction();
        const state = sqlState(error);
        if (state === SqlState.DEADLOCK_DETECTED && tries < TRIES) continue;
        if (state === SqlState.DEADLOCK_DETECTED || state === SqlState.LOCK_NOT_AVAILABLE)
          throw new PeopleBusyError(error);
        throw error;
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.staged.close();
      await this.runner.query('select pg_advisory_unlock($1)', [IMPORT_LOCK]);
    } catch {
      // A connection that cannot be cleaned is closed, and with it go its lock and its table.
      await (this.client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
    } finally {
      await this.runner.release();
    }
  }
}
