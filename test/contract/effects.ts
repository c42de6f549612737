import { createHash } from 'node:crypto';
import { type ContractApp } from './contract-app.js';

/** Tables whose rows say who asked when, and so change with every request. */
const TOLD_OF_REQUESTS = new Set(['migrations', 'terminal_presence', 'pending_terminals', 'login_attempts']);
/** Columns that do. */
const TOUCHED_COLUMNS = ['last_used_at', 'last_seen_at'];

/** All that a request could have changed: every table, and what the terminals were told. */
export async function effectsOf({ database: { dataSource }, terminal }: ContractApp): Promise<Record<string, string>> {
  const tables = await dataSource.query<{ name: string }[]>(
    `select table_name as name from information_schema.tables
      where table_schema = 'public' and table_type = 'BASE TABLE' order by 1`,
  );
  const digests = tables
    .filter(({ name }) => !TOLD_OF_REQUESTS.has(name))
    .map(
      ({ name }) =>
        `select '${name}' as name, (select md5(coalesce(string_agg(row, '' order by row), ''))
           from (select (to_jsonb(t) - $1::text[])::text as row from ${name} t) rows) as digest`,
    );
  const rows = await dataSource.query<{ name: string; digest: string }[]>(digests.join(' union all '), [
    TOUCHED_COLUMNS,
  ]);
  const effects = Object.fromEntries(rows.map(({ name, digest }) => [name, digest]));
  const told = terminal.journal.entries.map(({ command, data }) => `${command}:${data.toString('hex')}`);
  effects['told to the terminal'] = `${told.length}, ${createHash('md5').update(told.join()).digest('hex')}`;
  return effects;
}
