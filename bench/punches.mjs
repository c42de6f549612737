import { createHash } from 'node:crypto';
import { openServices } from './database.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const PUNCHES = 100_000;
/** Per-row inserts are measured on a part and scaled, since they are linear and slow. */
const PER_ROW_SAMPLE = 5_000;

/** Importing a log of 100,000 punches: first, unchanged, one more; against per-row inserts and against raw COPY. */
export async function run() {
  const services = await openServices();
  const { PunchesService } = await library('punches');
  const { SyncCoordinator } = await library('sync-coordinator');
  const { inventPunches, inventUsers } = await library('device-emulator');
  const { formatWallTime } = await library('kernel');
  const { DataSource } = load('typeorm');
  const dataSource = services.get(DataSource);
  const users = inventUsers({ count: 500 });
  const punches = inventPunches(users, { days: 120, until: new Date('2026-01-31T00:00:00Z') })
    .slice(0, PUNCHES)
    .map(({ userId, time, verify, state }) => ({
      deviceUserId: userId,
      wallTime: time,
      verifyMode: verify,
      state,
      workCode: null,
    }));
  await dataSource.query(
    `insert into user_machine_mapping (device_id, device_user_id, person_id, person_type, created_by)
     select 1, id, id::bigint, 'staff', 'bench' from unnest($1::text[]) id`,
    [users.slice(0, 250).map(({ userId }) => userId)],
  );
  const records = punches.map((punch) => Buffer.from(JSON.stringify(punch)));
  const logOf = (count) => ({
    punches: punches.slice(0, count),
    digestOfFirst(first) {
      const digest = createHash('sha256');
      for (let i = 0; i < first; i += 1) digest.update(records[i]);
      return digest.digest();
    },
  });
  const store = async (count) => {
    const startedAt = performance.now();
    const totals = await services
      .get(SyncCoordinator)
      .withLease('device:1', { service: 'bench' }, (lease) =>
        lease.transaction((tx) =>
          services
            .get(PunchesService)
            .importLog(tx, { deviceId: '1', runId: '1', timeZone: 'Africa/Addis_Ababa' }, logOf(count)),
        ),
      );
    return { tookMs: performance.now() - startedAt, totals };
  };
  const first = await store(PUNCHES - 1);
  const unchanged = await store(PUNCHES - 1);
  const more = await store(PUNCHES);
  if (more.totals.imported !== 1) throw new Error('the second import should have found one punch');
  const rows = punches.map((punch) => [
    punch.deviceUserId,
    formatWallTime(punch.wallTime),
    punch.verifyMode,
    punch.state,
  ]);
  const perRow = await insertPerRow(dataSource, rows.slice(0, PER_ROW_SAMPLE));
  const copy = await copyIn(services.url, rows);
  printTable(
    `Importing ${PUNCHES} punches, attributed, with fence, lease and audit`,
    ['first time', 'unchanged', 'one more', 'per-row insert', 'raw COPY', 'per-row ÷ first', 'COPY ÷ first'],
    [
      [
        ms(first.tookMs),
        ms(unchanged.tookMs),
        ms(more.tookMs),
        ms(perRow),
        ms(copy),
        times(perRow / first.tookMs),
        `${((copy / first.tookMs) * 100).toFixed(0)} %`,
      ],
    ],
  );
  await services.close();
}

/** What a straightforward program does: for each record a statement of its own; without fence and mapping. */
async function insertPerRow(dataSource, rows) {
  await dataSource.query('create table per_row (like punches including all)');
  const startedAt = performance.now();
  for (const row of rows) {
    await dataSource.query(
      `insert into per_row (device_id, device_user_id, wall_time, instant, time_zone, verify_mode, state, occurrence, source)
       values (1, $1, $2::text, $2::text::timestamp at time zone 'Africa/Addis_Ababa', 'Africa/Addis_Ababa', $3, $4, 1, 'device')
       on conflict do nothing`,
      row,
    );
  }
  return ((performance.now() - startedAt) * PUNCHES) / rows.length;
}

/** The limit: the same rows as one COPY into a table with the same indexes. */
async function copyIn(url, rows) {
  const { from } = load('pg-copy-streams');
  const { Client } = load('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create table copied (like punches including all)');
  const lines = rows.map(([user, time, verify, state]) =>
    ['1', user, time, `${time}+03`, 'Africa/Addis_Ababa', verify, state, '1', 'device'].join('\t'),
  );
  const startedAt = performance.now();
  const stream = client.query(
    from(
      'copy copied (device_id, device_user_id, wall_time, instant, time_zone, verify_mode, state, occurrence, source) from stdin',
    ),
  );
  await new Promise((resolve, reject) => {
    stream.on('finish', resolve);
    stream.on('error', reject);
    stream.end(`${lines.join('\n')}\n`);
  });
  const took = performance.now() - startedAt;
  await client.end();
  return took;
}
