import { openServices } from './database.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const USERS = 50_000;
/** A per-row upsert is measured on a part and scaled, since it is linear and slow. */
const PER_ROW_SAMPLE = 5_000;

/** Storing 50,000 sightings: first time, unchanged, 1 % changed; against a per-row upsert and against raw COPY. */
export async function run() {
  const services = await openServices();
  const { DeviceUserBufferService } = await library('buffer');
  const { inventUsers } = await library('device-emulator');
  const { DataSource } = load('typeorm');
  const { systemActor } = await library('kernel');
  const buffer = services.get(DeviceUserBufferService);
  const { SyncCoordinator } = await library('sync-coordinator');
  const coordinator = services.get(SyncCoordinator);
  const dataSource = services.get(DataSource);
  const sightings = inventUsers({ count: USERS }).map((user) => ({
    deviceUserId: user.userId,
    slot: user.slot,
    details: {
      name: user.name.toString(),
      nameBytes: user.name,
      cardNumber: user.card === 0 ? null : String(user.card),
    },
    privilege: user.privilege,
    groupId: user.group,
    timezoneId: null,
    hasPin: user.password !== '',
  }));
  let seconds = 0;
  const store = async (rows) => {
    seconds += 1;
    const context = {
      deviceId: '1',
      seenAt: new Date(Date.UTC(2026, 0, 1) + seconds * 1000),
      service: 'bench',
      performedBy: systemActor,
    };
    const startedAt = performance.now();
    await coordinator.withLease('device:1', { service: 'bench' }, (lease) =>
      lease.transaction((tx) => buffer.recordSightings(tx, context, rows)),
    );
    return performance.now() - startedAt;
  };
  const first = await store(sightings);
  await dataSource.query('vacuum analyze device_user_buffer');
  const unchanged = Math.min(await store(sightings), await store(sightings));
  const changed = await store(
    sightings.map((seen, i) =>
      i % 100 === 0 ? { ...seen, details: { ...seen.details, name: `${seen.details.name}!` } } : seen,
    ),
  );
  const perRow = await storePerRow(dataSource, sightings.slice(0, PER_ROW_SAMPLE));
  const copy = await copyIn(services.url, sightings);
  printTable(
    `Storing ${USERS} sightings, audit entries included (goals: ≥ 15 × per-row, ≥ 8 % of COPY, unchanged ≤ ⅓ of first)`,
    [
      'first time',
      'unchanged',
      '1 % changed',
      'per-row upsert',
      'raw COPY',
      'per-row ÷ first',
      'COPY ÷ first',
      'unchanged ÷ first',
    ],
    [
      [
        ms(first),
        ms(unchanged),
        ms(changed),
        ms(perRow),
        ms(copy),
        times(perRow / first),
        `${((copy / first) * 100).toFixed(0)} %`,
        times(unchanged / first),
      ],
    ],
  );
  await services.close();
}

/** What a straightforward program does: for each user an upsert and two audit entries, each a statement of its own; no fence, no chain. */
async function storePerRow(dataSource, sightings) {
  await dataSource.query('alter table device_user_buffer disable trigger user');
  await dataSource.query('alter table device_user_audit_log disable trigger user');
  const startedAt = performance.now();
  for (const seen of sightings) {
    await dataSource.query(
      `insert into device_user_buffer (device_id, device_user_id, slot, name, name_bytes, card_number, privilege, group_id, has_pin, discovered_at, last_seen_at)
       values (2, $1, $2, $3, $4, $5, $6, $7, $8, now(), now())
       on conflict (device_id, device_user_id) do update set name = excluded.name, last_seen_at = excluded.last_seen_at`,
      [
        seen.deviceUserId,
        seen.slot,
        seen.details.name,
        seen.details.nameBytes,
        seen.details.cardNumber,
        seen.privilege,
        seen.groupId,
        seen.hasPin,
      ],
    );
    for (const operation of ['user_discovered', 'user_buffered']) {
      await dataSource.query(
        `insert into device_user_audit_log (operation_type, device_id, device_user_id, device_user_name, performed_by, service_name)
         values ($1, 2, $2, $3, 'system', 'bench')`,
        [operation, seen.deviceUserId, seen.details.name],
      );
    }
  }
  const tookMs = performance.now() - startedAt;
  await dataSource.query('alter table device_user_buffer enable trigger user');
  await dataSource.query('alter table device_user_audit_log enable trigger user');
  return (tookMs * USERS) / sightings.length;
}

/** The limit: the same rows, without audit entries, as one COPY into a table with the same indexes. */
async function copyIn(url, sightings) {
  const { from } = load('pg-copy-streams');
  const { Client } = load('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  await client.query('create table copied (like device_user_buffer including all)');
  const escape = (text) => text.replace(/[\\\t\n\r]/g, (c) => `\\${c}`);
  const lines = sightings.map((seen) =>
    [
      '1',
      seen.deviceUserId,
      seen.slot,
      escape(seen.details.name),
      `\\\\x${seen.details.nameBytes.toString('hex')}`,
      seen.details.cardNumber ?? '\\N',
      seen.privilege,
      seen.groupId,
      seen.hasPin,
      '2026-01-01',
      '2026-01-01',
    ].join('\t'),
  );
  const startedAt = performance.now();
  const stream = client.query(
    from(
      'copy copied (device_id, device_user_id, slot, name, name_bytes, card_number, privilege, group_id, has_pin, discovered_at, last_seen_at) from stdin',
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
