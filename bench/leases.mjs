import { openServices } from './database.mjs';
import { library, load, printTable } from './support.mjs';

const CONNECTIONS = 32;
const SECONDS = 2;
const ROUNDS = 7;

/**
 * Lease acquire + release pairs per second, with their audit entries, sealed; against a bare UPDATE pair on a row of
 * two columns, through the same pool. 32 rivals with keys of their own, then all of them on one.
 */
export async function run() {
  const services = await openServices({ poolSize: CONNECTIONS });
  const { SyncCoordinator } = await library('sync-coordinator');
  const { DataSource } = load('typeorm');
  const coordinator = services.get(SyncCoordinator);
  const dataSource = services.get(DataSource);
  await dataSource.query('create table bare (id integer primary key, turns integer not null)');
  await dataSource.query(`insert into bare select n, 0 from generate_series(0, ${CONNECTIONS}) n`);

  const bare = (key) => async (rival) => {
    for (let turn = 0; turn < 2; turn += 1)
      await dataSource.query('update bare set turns = turns + 1 where id = $1', [key(rival)]);
    return true;
  };
  const waits = new Map();
  const lease = (key) => async (rival) => {
    const term = await coordinator['tryAcquire'](key(rival), { service: 'bench' }, crypto.randomUUID());
    if (!term) {
      // Rivals on one key step back, a little longer each time, as the retries of a service do.
      const waitMs = Math.min((waits.get(rival) ?? 0.5) * 2, 64);
      waits.set(rival, waitMs);
      await new Promise((resolve) => setTimeout(resolve, waitMs));
      return false;
    }
    waits.delete(rival);
    await coordinator.releaseLock(term);
    return true;
  };
  const own = [];
  const hot = [];
  // In turns, so that what else the machine does meets both alike.
  for (let round = 0; round < ROUNDS; round += 1) {
    own.push({
      bare: await pairsPerSecond(bare((rival) => rival)),
      lease: await pairsPerSecond(lease((rival) => `device:${1000 + rival}`)),
    });
    hot.push({
      bare: await pairsPerSecond(bare(() => CONNECTIONS)),
      lease: await pairsPerSecond(lease(() => 'device:1')),
    });
  }
  const row = (name, rounds) => [
    name,
    Math.round(median(rounds.map((round) => round.lease))),
    Math.round(median(rounds.map((round) => round.bare))),
    `${(median(rounds.map((round) => round.lease / round.bare)) * 100).toFixed(0)} %`,
  ];
  printTable(
    `Lease pairs per second, ${CONNECTIONS} connections, audited and sealed (goal: ≥ 50 % of a bare UPDATE pair)`,
    ['keys', 'acquire + release', 'bare UPDATE pair', 'share'],
    [row('one each', own), row('one for all', hot)],
  );
  await services.close();
}

async function pairsPerSecond(pair) {
  const startedAt = performance.now();
  const endAt = startedAt + SECONDS * 1000;
  let pairs = 0;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async (_, rival) => {
      while (performance.now() < endAt) if (await pair(rival)) pairs += 1;
    }),
  );
  return (pairs * 1000) / (performance.now() - startedAt);
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
