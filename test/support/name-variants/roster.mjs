import { CULTURES, poolsOf } from './pools.mjs';
import { Chance } from './random.mjs';

/**
 * `size` people, as many of each culture, named as their culture names people and written down as an office would:
 * mostly in Latin letters, else in their own script, mostly in the most usual spelling. People who share all their
 * names occur, as they do in life.
 */
export function rosterOf({ seed, half, size }) {
  const chance = new Chance(seed);
  const pools = new Map(CULTURES.map((culture) => [culture, poolsOf(culture, half)]));
  return Array.from({ length: size }, (_, place) => {
    const culture = CULTURES[place % CULTURES.length];
    const parts = partsOf(culture, pools.get(culture), chance);
    const script = chance.holds(0.6) ? 'latin' : 'native';
    const words = parts.map((part) => ({ part, text: usuallyFirst(part[script], chance) }));
    return { id: String(place + 1), culture, parts, script, words, name: words.map(({ text }) => text).join(' ') };
  });
}

/** The first spelling three times in five. */
export function usuallyFirst(spellings, chance) {
  return chance.holds(0.6) ? spellings[0] : chance.pick(spellings);
}

function partsOf(culture, { given, family }, chance) {
  const first = common(given, chance);
  if (culture === 'arabic') {
    const parts = [first, common(given, chance)];
    if (chance.holds(0.5)) parts.push(common(given, chance));
    if (parts.length === 2 || chance.holds(0.85)) parts.push(chance.pick(family));
    return parts;
  }
  if (culture === 'amharic') {
    const parts = [first, chance.pick(family)];
    return chance.holds(0.6) ? [...parts, chance.pick(family)] : parts;
  }
  if (culture === 'spanish') {
    const parts = chance.holds(0.35) ? [first, common(given, chance)] : [first];
    parts.push(chance.pick(family));
    return chance.holds(0.8) ? [...parts, chance.pick(family)] : parts;
  }
  const ofRegion = (parts) => parts.filter(({ script }) => script === first.script);
  const parts = chance.holds(0.5) ? [first, chance.pick(ofRegion(given))] : [first];
  return [...parts, chance.pick(ofRegion(family))];
}

/** A few names are everywhere: one in eight people has one of the first ten of the list. */
function common(parts, chance) {
  return chance.holds(0.125) ? parts[chance.below(10)] : chance.pick(parts);
}
