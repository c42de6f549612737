import { type Tx } from '@app/database';
import { type PersonType } from '@app/kernel';
import { type RowRefusalCode, type PersonRow } from './person-row.js';

export type RowOutcome = 'created' | 'updated' | 'unchanged' | 'refused' | 'deactivated';

/** What became of a row, or of a person who is in no row. */
export interface RowResult {
  /** Null: the person is in no row. */
  readonly line: number | null;
  readonly personId: string | null;
  readonly personType: PersonType | null;
  readonly externalReference: string | null;
  readonly outcome: RowOutcome;
  readonly reason: string | null;
  readonly reasonCodes: readonly RowRefusalCode[];
  /** The fields that differ from before, by the wire's names. */
  readonly changed: readonly string[];
}

/** A row result with the values before and after, for the audit log. */
export interface ChangedPerson extends RowResult {
  readonly before: Readonly<Record<string, string | boolean | null>> | null;
  readonly after: Readonly<Record<string, string | boolean | null>>;
}

export type RowTotals = Readonly<Record<RowOutcome, number>>;

/** How many of the people that a file could name are missing from it. */
export interface MissingCount {
  readonly missing: number;
  /** Active people with an external reference, of the types in the file. */
  readonly of: number;
}

/** How often rows whose people come and go under our hands are looked at again. */
const ROUNDS = 10;

const RESULT = `line, person_id as "personId", person_type as "personType", external_reference as "externalReference",
  outcome, reason, coalesce(string_to_array(reason_codes, ','), '{}') as "reasonCodes", coalesce(changed, '{}') as changed`;
const SAME_KEY = 'p.person_type = r.person_type and p.external_reference = r.external_reference';
/** What the person is to have: what was not told stays as it is. */
const CARD = 'case when r.card_told then r.card_number else p.card_number end';
const ACTIVE = 'coalesce(r.active, p.active)';
const DIFFERS = `(p.name, p.card_number, p.active) is distinct from (r.name, ${CARD}, ${ACTIVE})`;

/** Rows of people in a temporary table of one session, and the statements that merge them into `people`. */
export class StagedPeople {
  constructor(private readonly tx: Tx) {}

  /** Makes the table, empty, for the session. */
  async open(): Promise<void> {
    await this.close();
    await this.tx.query(
      `create temporary table people_import_rows (
         line integer, person_type text, external_reference text, name text, card_number text,
         card_told boolean not null default false, active boolean, reason text, reason_codes text,
         outcome text, person_id bigint, changed text[], before jsonb)`,
    );
  }

  async close(): Promise<void> {
    await this.tx.query('drop table if exists pg_temp.people_import_rows');
  }

  async add(rows: readonly PersonRow[]): Promise<void> {
    await this.tx.query(
      `insert into people_import_rows
              (line, person_type, external_reference, name, card_number, card_told, active, reason, reason_codes)
       select * from unnest($1::int[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bool[], $7::bool[], $8::text[], $9::text[])`,
      [
        rows.map(({ line }) => line),
        rows.map(({ personType }) => personType),
        rows.map(({ externalReference }) => externalReference),
        rows.map(({ name }) => name),
        rows.map(({ cardNumber }) => cardNumber),
        rows.map(({ isCardTold }) => isCardTold),
        rows.map(({ active }) => active),
        rows.map(({ refusals }) => refusals.map(({ message }) => message).join('; ') || null),
        rows.map(({ refusals }) => refusals.map(({ code }) => code).join() || null),
      ],
    );
  }

  /** Refuses what cannot be told apart, and all that was refused when it was read; gives how many. */
  async refuse(): Promise<number> {
    await this.tx.query('analyze people_import_rows'); // no autovacuum ever sees a temporary table
    await this.tx.query(
      `update people_import_rows r
          set reason = concat_ws('; ', r.reason, format('the same external reference stands in line %s too; leave one out', twin.other)),
              reason_codes = concat_ws(',', r.reason_codes, 'duplicate-reference')
         from (select line, count(*) over same as rows,
                      case when line = first_value(line) over same then nth_value(line, 2) over same else first_value(line) over same end as other
                 from people_import_rows where person_type is not null and external_reference is not null
               window same as (partition by person_type, external_reference order by line
                               rows between unbounded preceding and unbounded following)) as twin
        where twin.rows > 1 and twin.line = r.line`,
    );
    const [, refused] = await this.tx.query<[unknown, number]>(
      `update people_import_rows set outcome = 'refused' where reason is not null`,
    );
    return refused;
  }

  /** Makes and changes people as the rows say; every row that is not refused has its outcome then. */
  async apply(): Promise<void> {
    for (let round = 0; round < ROUNDS; round += 1) {
      // First the inserts: after them a rival's people are there to be compared.
      await this.makeNew();
      await this.lockChanged();
      await this.noteUnchanged();
      if (!(await this.hasOpenRows())) break;
    }
    if (await this.hasOpenRows()) throw new Error('people come and go faster than they can be imported');
    await this.tx.query(
      `update people p set name = r.name, card_number = ${CARD}, active = ${ACTIVE}
         from people_import_rows r where r.outcome = 'updated' and p.id = r.person_id`,
    );
  }

  /** Lines whose person cannot be known, the first ten, and how many there are. */
  async findAnonymous(): Promise<{ readonly lines: readonly number[]; readonly count: number }> {
    const rows = await this.tx.query<{ line: number; count: string }[]>(
      `select line, count(*) over () from people_import_rows
        where person_type is null or external_reference is null order by line limit 10`,
    );
    return { lines: rows.map(({ line }) => line), count: Number(rows[0]?.count ?? 0) };
  }

  /** Counts active people of the types in the file; those who are in no row, refused or not, are missing. */
  async countMissing(): Promise<MissingCount> {
    const [{ missing, known }] = await this.tx.query<{ missing: string; known: string }[]>(
      `select count(*) as known, count(*) filter (where not exists (select from people_import_rows r where ${SAME_KEY})) as missing
         from people p where active and external_reference is not null
          and person_type in (select person_type from people_import_rows)`,
    );
    return { missing: Number(missing), of: Number(known) };
  }

  /** Deactivates whom countMissing counts; gives how many. */
  async deactivateMissing(): Promise<number> {
    const rows = await this.tx.query<unknown[]>(
      `with gone as (
         update people p set active = false
          where active and external_reference is not null and person_type in (select person_type from people_import_rows)
            and not exists (select from people_import_rows r where ${SAME_KEY})
         returning id, person_type, external_reference)
       insert into people_import_rows (person_id, person_type, external_reference, outcome, changed, before)
       select id, person_type, external_reference, 'deactivated', '{active}', '{"active": true}' from gone returning 1`,
    );
    return rows.length;
  }

  async totals(): Promise<RowTotals> {
    const counted = await this.tx.query<{ outcome: RowOutcome; count: string }[]>(
      'select outcome, count(*) from people_import_rows group by outcome',
    );
    const totals: Record<RowOutcome, number> = { created: 0, updated: 0, unchanged: 0, refused: 0, deactivated: 0 };
    for (const { outcome, count } of counted) totals[outcome] = Number(count);
    return totals;
  }

  /** The first rows in which something happened, in the order of their lines; whoever is in no row comes last. */
  async notable(limit: number): Promise<RowResult[]> {
    return this.tx.query<RowResult[]>(
      `select ${RESULT} from people_import_rows where outcome <> 'unchanged'
        order by line nulls last, person_type, external_reference collate "C" limit $1`,
      [limit],
    );
  }

  /** All rows with these outcomes, with what they changed. */
  async changed(outcomes: readonly RowOutcome[]): Promise<ChangedPerson[]> {
    return this.tx.query<ChangedPerson[]>(
      `select ${RESULT}, before,
              jsonb_build_object('name', name, 'card_number', card_number, 'active', coalesce(active, outcome = 'created')) as after
         from people_import_rows where outcome = any($1::text[]) order by line, person_id`,
      [outcomes],
    );
  }

  private async makeNew(): Promise<void> {
    await this.tx.query(
      `with made as (
         insert into people (person_type, external_reference, name, card_number, active)
         select person_type, external_reference, name, card_number, coalesce(active, true)
           from people_import_rows r
          where outcome is null and not exists (select from people p where ${SAME_KEY}) order by line
         on conflict (person_type, external_reference) do nothing returning id, person_type, external_reference)
       update people_import_rows r set outcome = 'created', person_id = p.id from made p where ${SAME_KEY}`,
    );
  }

  /** Only who is to change is locked: most people of a file are as they were. */
  private async lockChanged(): Promise<void> {
    await this.tx.query(
      `with p as materialized (
         select p.* from people p join people_import_rows r on ${SAME_KEY}
          where r.outcome is null and ${DIFFERS} order by p.id for update of p)
       update people_import_rows r
          set outcome = 'updated', person_id = p.id,
              before = jsonb_build_object('name', p.name, 'card_number', p.card_number, 'active', p.active),
              changed = array_remove(array[
                case when p.name <> r.name then 'name' end,
                case when p.card_number is distinct from ${CARD} then 'card_number' end,
                case when p.active <> ${ACTIVE} then 'active' end], null)
         from p where ${SAME_KEY} and r.outcome is null`,
    );
  }

  private async noteUnchanged(): Promise<void> {
    await this.tx.query(
      `update people_import_rows r set outcome = 'unchanged', person_id = p.id
         from people p where ${SAME_KEY} and r.outcome is null and not ${DIFFERS}`,
    );
  }

  private async hasOpenRows(): Promise<boolean> {
    const [{ open }] = await this.tx.query<{ open: boolean }[]>(
      'select exists (select from people_import_rows where outcome is null) as open',
    );
    return open;
  }
}
