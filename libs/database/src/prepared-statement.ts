import { type PoolClient } from 'pg';
import { type DataSource } from 'typeorm';

/** A statement that each connection parses and plans once; its text never changes. */
export interface PreparedStatement {
  /** No other statement's, and at most 63 bytes. */
  readonly name: string;
  readonly text: string;
}

/** The rows that a statement gave, and how many it touched. */
export interface PreparedResult<Row> {
  readonly rows: Row[];
  readonly touched: number;
}

/**
 * Runs a prepared statement in a transaction of its own. For the few that run so often that planning them anew would be
 * most of their cost; everything else goes through TypeORM, which cannot prepare.
 */
export async function runPrepared<Row extends object>(
  dataSource: DataSource,
  statement: PreparedStatement,
  values: unknown[],
): Promise<PreparedResult<Row>> {
  const runner = dataSource.createQueryRunner();
  try {
    const client = (await runner.connect()) as PoolClient;
    const { rows, rowCount } = await client.query<Row>({ ...statement, values });
    return { rows, touched: rowCount ?? 0 };
  } finally {
    await runner.release();
  }
}
