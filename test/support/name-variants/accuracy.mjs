import { CULTURES } from './pools.mjs';
import { Chance } from './random.mjs';
import { KINDS, variantOf } from './variants.mjs';

/**
 * Asks `search(text)`, which gives the ids of people with the likeliest first, for `perCell` variants of each culture
 * and kind, and counts how often the right person came first and among the first three. A cell's `ceiling` is the share
 * that a reader would get right who recognises every spelling, but has nothing to go by besides the name: where n people
 * fit equally well, one in n.
 */
export async function accuracyOf({ roster, search, seed, perCell, onMiss, withCeiling = true }) {
  const chance = new Chance(seed);
  const cells = [];
  for (const culture of CULTURES) {
    const people = roster.filter((person) => person.culture === culture);
    for (const kind of KINDS) {
      const cell = { culture, kind, asked: 0, first: 0, firstThree: 0, ceiling: 0 };
      for (let tries = 0; cell.asked < perCell && tries < perCell * 20; tries += 1) {
        const person = chance.pick(people);
        const variant = variantOf(person, kind, chance);
        if (variant === undefined) continue;
        const place = (await search(variant.text)).indexOf(person.id);
        cell.asked += 1;
        if (place === 0) cell.first += 1;
        else onMiss?.({ culture, kind, text: variant.text, person, place });
        if (place >= 0 && place < 3) cell.firstThree += 1;
        if (withCeiling) cell.ceiling += 1 / equals(people, variant, person);
      }
      if (cell.asked > 0) cells.push(cell);
    }
  }
  return cells;
}

/** One cell for all of these. */
export function totalOf(cells) {
  const sum = (key) => cells.reduce((total, cell) => total + cell[key], 0);
  return { asked: sum('asked'), first: sum('first'), firstThree: sum('firstThree'), ceiling: sum('ceiling') };
}

/** The table as Markdown: first / among the first three, in per cent, by culture and kind. */
export function accuracyTable(cells) {
  const percent = (count, asked) => (asked === 0 ? '–' : ((count * 100) / asked).toFixed(1));
  const cellText = (some) => {
    const { asked, first, firstThree } = totalOf(some);
    return asked === 0 ? '–' : `${percent(first, asked)} / ${percent(firstThree, asked)}`;
  };
  const ceilingText = (some) => percent(totalOf(some).ceiling, totalOf(some).asked);
  const head = ['culture', ...KINDS, 'all', 'ceiling'];
  const rows = [...CULTURES, undefined].map((culture) => {
    const own = cells.filter((cell) => culture === undefined || cell.culture === culture);
    const byKind = KINDS.map((kind) => cellText(own.filter((cell) => cell.kind === kind)));
    return [culture ?? 'all', ...byKind, cellText(own), ceilingText(own)];
  });
  rows.push([
    'ceiling',
    ...KINDS.map((kind) => ceilingText(cells.filter((cell) => cell.kind === kind))),
    ceilingText(cells),
    '',
  ]);
  return { head, rows };
}

export function markdownOf({ head, rows }) {
  const line = (columns) => `| ${columns.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** How many people fit the legible words as well as the right one does, who is one of them. */
function equals(people, { words }, right) {
  const whole = words.filter((word) => word.whole !== false);
  const pieces = words.filter((word) => word.whole === false);
  const extra = (person) => person.parts.length - words.length;
  return people.filter((person) => extra(person) <= extra(right) && fits(person, whole, pieces)).length || 1;
}

function fits(person, whole, pieces) {
  const left = [...person.parts];
  for (const { part } of whole) {
    const at = left.indexOf(part);
    if (at < 0) return false;
    left.splice(at, 1);
  }
  for (const { text, initial } of pieces) {
    const prefix = initial ?? text;
    const at = left.findIndex(({ latin, native }) => [...latin, ...native].some((name) => name.startsWith(prefix)));
    if (at < 0) return false;
    left.splice(at, 1);
  }
  return true;
}
