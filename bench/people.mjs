import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { openServices } from './database.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const ROWS = 50_000;
const COLUMNS = 'person_type, external_reference, name, card_number, active';

/** A CSV import of 50,000 people, against a bare COPY of the same data and against inserts one by one. */
export async function run() {
  const services = await openServices();
  const { PeopleImport } = await library('people');
  const { systemActor } = await library('kernel');
  const { DataSource } = load('typeorm');
  const dataSource = services.get(DataSource);
  const people = services.get(PeopleImport);
  const importFile = (text, options) =>
    people.importCsv(Readable.from(inChunks(text)), { actor: systemActor, ...options });
  const original = fileOf((i) => `Person ${i} of many`);
  const changed = fileOf((i) => `Person ${i} of ${i % 100 === 0 ? 'few' : 'many'}`);
  const timed = async (text, wanted, options) => {
    const startedAt = performance.now();
    const { totals } = await importFile(text, options);
    if (Object.entries(wanted).some(([outcome, count]) => totals[outcome] !== count))
      throw new Error('not as expected');
    return performance.now() - startedAt;
  };
  const dry = await timed(original, { created: ROWS }, { dryRun: true });
  await dataSource.query('vacuum people');
  const heapBefore = process.memoryUsage().rss;
  const first = await timed(original, { created: ROWS });
  const grown = process.memoryUsage().rss - heapBefore;
  await dataSource.query('vacuum analyze people');
  const unchanged = Math.min(await timed(original, { unchanged: ROWS }), await timed(original, { unchanged: ROWS }));
  const few = await timed(changed, { updated: ROWS / 100, unchanged: ROWS - ROWS / 100 });
  await dataSource.query(`create table people_copied (like people including all)`);
  const copied = await copy(services.url, original);
  await dataSource.query(`create table people_single (like people including all)`);
  const single = await insertSingly(services.url, original);
  printTable(
    `${ROWS} people from CSV, durable; memory grown by ${Math.round(grown / 1024 / 1024)} MiB at the first import`,
    ['', 'time', '÷ bare COPY', 'rows/s', 'one by one ÷ it'],
    [
      ['dry run', dry],
      ['first import', first],
      ['again, unchanged', unchanged],
      ['again, 1 % changed', few],
      ['bare COPY into an equal table', copied],
      ['inserts one by one', single],
    ].map(([what, took]) => [
      what,
      ms(took),
      times(took / copied),
      `${Math.round((ROWS * 1000) / took)}`,
      times(single / took),
    ]),
  );
  await services.close();
}

function fileOf(nameOf) {
  const rows = Array.from({ length: ROWS }, (_, i) => `student,R${i},${nameOf(i)},${1_000_000 + i},true`);
  return `${COLUMNS.replaceAll(' ', '')}\n${rows.join('\n')}\n`;
}

function* inChunks(text) {
  const bytes = Buffer.from(text);
  for (let start = 0; start < bytes.length; start += 65_536) yield bytes.subarray(start, start + 65_536);
}

/** What the database alone needs: no check, no comparison, no second table. */
async function copy(url, text) {
  const { from } = load('pg-copy-streams');
  const { Client } = load('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  const startedAt = performance.now();
  const stream = client.query(from(`copy people_copied (${COLUMNS}) from stdin with (format csv, header)`));
  await pipeline(Readable.from(inChunks(text)), stream);
  const took = performance.now() - startedAt;
  await client.end();
  return took;
}

/** One transaction, one statement per row, prepared: the least that a loop over rows costs. */
async function insertSingly(url, text) {
  const { Client } = load('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  const rows = text.trimEnd().split('\n').slice(1);
  const startedAt = performance.now();
  await client.query('begin');
  const statement = `insert into people_single (${COLUMNS}) values ($1, $2, $3, $4, $5)`;
  for (const row of rows) await client.query({ name: 'single', text: statement, values: row.split(',') });
  await client.query('commit');
  const took = performance.now() - startedAt;
  await client.end();
  return took;
}
