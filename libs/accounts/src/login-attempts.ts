import { TooManyAttemptsError } from '@app/auth';
import { type Tx } from '@app/database';
import { addressGroup } from '@app/http';
import { Clock } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { nameDigestOf } from './account-name.js';

const WINDOW_MS = 15 * 60_000;
const PER_ACCOUNT = 10;
const PER_ADDRESS = 20;
/** Old rows that one attempt sweeps, so that none waits for a large sweep. */
const SWEEP = 100;

/**
 * How many wrong passwords there may be: 10 per name and 20 per address in 15 minutes, for all servers together. Names
 * without an account count like others. It is about signing in only: sessions that are open stay open.
 */
@Injectable()
export class LoginAttempts {
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  /**
   * Notes a failure before the password is looked at, so that a hundred tries at once do not all pass.
   * @throws {TooManyAttemptsError} there were too many; such a try is not noted, so that the block ends
   */
  async begin(name: string, address: string): Promise<void> {
    const now = this.clock.now();
    const oldest = new Date(now.getTime() - WINDOW_MS);
    const [account, group] = [nameDigestOf(name), addressGroup(address)];
    await this.dataSource.transaction(async (tx) => {
      for (const key of [`login:${account}`, `login:${group}`].sort())
        await tx.query('select pg_advisory_xact_lock(hashtextextended($1, 0))', [key]);
      const blockedUntilMs = Math.max(
        await freeAgainAt(tx, 'account_key', account, PER_ACCOUNT, oldest),
        await freeAgainAt(tx, 'address', group, PER_ADDRESS, oldest),
      );
      if (blockedUntilMs > now.getTime())
        throw new TooManyAttemptsError(Math.ceil((blockedUntilMs - now.getTime()) / 1_000));
      await tx.query(
        `delete from login_failures where id in
           (select id from login_failures where failed_at <= $1 limit ${SWEEP} for update skip locked)`,
        [oldest],
      );
      await tx.query('insert into login_failures (account_key, address, failed_at) values ($1, $2, $3)', [
        account,
        group,
        now,
      ]);
    });
  }

  /** The password was right: what failed for this name before is forgotten, in the caller's transaction. */
  async clear(tx: Tx, name: string): Promise<void> {
    await tx.query('delete from login_failures where account_key = $1', [nameDigestOf(name)]);
  }
}

/** When the oldest of the failures that fill the limit leaves the window, in milliseconds; 0: it is not filled. */
async function freeAgainAt(
  tx: Tx,
  column: 'account_key' | 'address',
  value: string,
  limit: number,
  oldest: Date,
): Promise<number> {
  const [filling] = await tx.query<{ failed_at: Date }[]>(
    `select failed_at from login_failures where ${column} = $1 and failed_at > $2
      order by failed_at desc offset ${limit - 1} limit 1`,
    [value, oldest],
  );
  return filling ? filling.failed_at.getTime() + WINDOW_MS : 0;
}
