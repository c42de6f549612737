import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { library, load, ms, printTable, root, scratchFolder, times } from './support.mjs';

const BUFFER_ROWS = 100_000;
const AUDIT_ROWS = 1_000_000;
const DEVICES = 20;
const SECONDS = 5;
const ROUNDS = 25;
const HEADERS = { authorization: 'Bearer bench-administrator-token' };

/** The API over a large database: the last page against the first, each query, and the throughput against a bare route. */
export async function run() {
  load('reflect-metadata');
  const folder = scratchFolder();
  chmodSync(folder.path, 0o755);
  const { startEmbeddedPostgres, migrate } = await library('database');
  const postgres = await startEmbeddedPostgres({ dataDir: folder.path });
  await migrate(postgres.url);
  await fill(postgres.url);
  const child = fork(join(root, 'bench', 'api-server.mjs'), [postgres.url, folder.path]);
  const [{ port }] = await once(child, 'message');
  const url = `http://127.0.0.1:${port}`;
  try {
    await measurePages(url);
    await measureThroughput(url);
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await postgres.stop();
    folder.remove();
  }
}

/** Rows as many runs leave them, put there without the triggers that would take an hour. */
async function fill(url) {
  const pg = load('pg');
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('set session_replication_role = replica');
  await client.query(
    `insert into device_user_buffer (device_id, device_user_id, name, privilege, has_pin, discovered_at, last_seen_at, mapping_status, slot)
     select 1 + i % ${DEVICES}, i::text, 'Person ' || md5(i::text), 0, false, now() - i * interval '1 minute', now() - i * interval '1 s',
            case when i % 5 = 0 then 'unmapped' else 'mapped' end, i % 60000
       from generate_series(1, ${BUFFER_ROWS}) i`,
  );
  await client.query(
    `insert into device_user_audit_log (operation_type, device_id, device_user_id, performed_by, service_name, details, "timestamp")
     select case when i % 1000 = 0 then 'device_added' when i % 2 = 0 then 'lease_acquired' else 'user_buffered' end,
            1 + i % ${DEVICES}, (i % ${BUFFER_ROWS})::text, 'system', 'bench', '{}', now() - i * interval '30 s'
       from generate_series(1, ${AUDIT_ROWS}) i`,
  );
  await client.query('vacuum analyze');
  await client.end();
}

const cursor = (rowId) => Buffer.from(`1:${rowId}`).toString('base64url');
const DAYS_AGO = (days) => new Date(Date.now() - days * 86_400_000).toISOString();

/** What integrators ask; of the first two kinds, the last page too. */
function questions() {
  const buffer = '/api/device-users/buffer';
  const audit = '/api/device-users/audit';
  return {
    'buffer, first page': `${buffer}?limit=100`,
    'buffer, last page': `${buffer}?limit=100&cursor=${cursor(BUFFER_ROWS - 100)}`,
    'buffer, unmapped of a device': `${buffer}?limit=100&status=unmapped&device_id=6`,
    'buffer, part of a name': `${buffer}?limit=100&text=abcde`,
    'buffer, no such name': `${buffer}?limit=100&text=nobody-is-called-this`,
    'audit, first page': `${audit}?limit=100`,
    'audit, last page': `${audit}?limit=100&cursor=${cursor(AUDIT_ROWS - 100)}`,
    'audit, one user': `${audit}?limit=100&device_id=3&device_user_id=42`,
    'audit, one user of any device': `${audit}?limit=100&device_user_id=42`,
    'audit, a rare operation': `${audit}?limit=100&operation_type=device_added`,
    'audit, an operation that never was': `${audit}?limit=100&operation_type=terminal_alarm`,
    'audit, one day': `${audit}?limit=100&from=${DAYS_AGO(101)}&to=${DAYS_AGO(100)}`,
  };
}

async function measurePages(url) {
  const rows = [];
  let first = 0;
  for (const [name, path] of Object.entries(questions())) {
    const median = await medianOf(async () => {
      const answer = await fetch(url + path, { headers: HEADERS });
      if (answer.status !== 200) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
      await answer.text();
    });
    if (name.endsWith('first page')) first = median;
    rows.push([name, ms(median), times(median / first)]);
  }
  printTable(
    `${BUFFER_ROWS} buffer rows, ${AUDIT_ROWS} audit entries (goal: last page ≤ 2 × first page)`,
    ['question', 'median', '÷ first page'],
    rows,
  );
}

async function measureThroughput(url) {
  const autocannon = load('autocannon');
  const cannon = async (requests) => {
    const options = { url, connections: 10, duration: SECONDS, headers: HEADERS, requests };
    const { requests: done, non2xx, errors } = await autocannon(options);
    if (non2xx + errors > 0) throw new Error(`${non2xx} answers other than 2xx, ${errors} errors`);
    return done.average;
  };
  const mixed = Object.values(questions()).map((path) => ({ path: path.replace('limit=100', 'limit=10') }));
  const bare = await cannon([{ path: '/bare' }]);
  const devices = await cannon([{ path: '/api/devices' }]);
  const single = await cannon([{ path: '/api/device-users/buffer?limit=10' }]);
  const mix = await cannon(mixed);
  const share = (rate) => `${Math.round((100 * rate) / bare)} %`;
  printTable(
    'Requests a second against a bare route of the same program (goal: ≥ 40 %)',
    ['bare', 'list of devices', 'share', 'page of 10', 'share', 'mixed questions, 10 each', 'share'],
    [
      [
        Math.round(bare),
        Math.round(devices),
        share(devices),
        Math.round(single),
        share(single),
        Math.round(mix),
        share(mix),
      ],
    ],
  );
}

async function medianOf(work) {
  const durations = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const startedAt = performance.now();
    await work();
    durations.push(performance.now() - startedAt);
  }
  return durations.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)];
}
