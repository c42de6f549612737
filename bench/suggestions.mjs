import { rosterOf, Chance, KINDS, variantOf } from '../test/support/name-variants/index.mjs';
import { openServices } from './database.mjs';
import { measureAccuracy } from './name-accuracy.mjs';
import { library, load, ms, printTable, times } from './support.mjs';

const PEOPLE = 50_000;
const USERS = 500;
const SAMPLE = 3;
const PAGE = 100;

/** 500 unmapped users against 50,000 people, through the service and its database; against comparing with everybody. */
export async function run() {
  const { SuggestionsModule, SuggestionsService } = await library('suggestions');
  const services = await openServices({ modules: [SuggestionsModule] });
  const { DataSource } = load('typeorm');
  const roster = rosterOf({ seed: 7, size: PEOPLE });
  const names = shownNames(roster);
  await fill(services.get(DataSource), roster, names);
  const suggestions = services.get(SuggestionsService);

  const before = process.memoryUsage();
  const stalls = watchStalls();
  const first = await timed(() => suggestions.list({ minScore: 0.3 }, { limit: 1 }));
  const longestStall = stalls.stop();
  const after = process.memoryUsage();
  const all = await timed(() => listAll(suggestions));
  const { compareNames } = await library('name-matching');
  const brute = await timed(() => {
    for (const name of names.slice(0, SAMPLE)) for (const person of roster) compareNames(name, person.name);
  });
  const perUser = all / USERS;
  printTable(
    `Suggestions for ${USERS} unmapped users among ${PEOPLE} people`,
    ['first answer', 'longest stall in it', 'all users', 'users/s', 'comparing with everybody', 'memory of the index'],
    [
      [
        ms(first),
        ms(longestStall),
        ms(all),
        String(Math.round(1000 / perUser)),
        times(brute / SAMPLE / perUser),
        `${Math.round((after.rss - before.rss) / 2 ** 20)} MiB`,
      ],
    ],
  );
  const { head, rows } = await measureAccuracy();
  printTable('Right person first / among the first three, in %, on names that the scorer was not tuned on', head, rows);
  await services.close();
}

function shownNames(roster) {
  const chance = new Chance(8);
  const names = [];
  while (names.length < USERS) {
    const variant = variantOf(chance.pick(roster), chance.pick(KINDS), chance);
    if (variant !== undefined) names.push(variant.text);
  }
  return names;
}

async function fill(dataSource, roster, names) {
  await dataSource.query(
    `insert into people (person_type, external_reference, name, card_number)
     select 'staff', 'E' || place, name, (1000000 + place)::text from unnest($1::text[]) with ordinality as p (name, place)`,
    [roster.map(({ name }) => name)],
  );
  await dataSource.transaction(async (tx) => {
    await tx.query('set local session_replication_role = replica');
    await tx.query(
      `insert into device_user_buffer (device_id, device_user_id, name, discovered_at, last_seen_at)
       select 1, (500000 + place)::text, name, now(), now() from unnest($1::text[]) with ordinality as u (name, place)`,
      [names],
    );
  });
}

async function listAll(suggestions) {
  let cursor;
  do {
    const page = await suggestions.list({ minScore: 0.3 }, { limit: PAGE, cursor });
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

async function timed(work) {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}

/** The longest that a timer had to wait beyond its time. */
function watchStalls() {
  let [last, longest] = [performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - last - 1);
    last = now;
  }, 1);
  return {
    stop: () => {
      clearInterval(timer);
      return longest;
    },
  };
}
