const LONGEST_NAME = 200;

/** A text of a terminal as PostgreSQL can keep it: without NUL, and without halves of characters. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** A name, a model or the like: as storableText, and not endless. */
export function storableName(text: string): string {
  return storableText(text).slice(0, LONGEST_NAME).toWellFormed();
}

/** Nothing that terminals send is deeper. */
const DEEPEST = 10;

/** As storableText, for every text of a JSON value, keys too; each no longer than `longest`, and nothing too deep. */
export function storable(value: unknown, longest = Number.POSITIVE_INFINITY, depth = 0): unknown {
  if (typeof value === 'string') return storableText(value.slice(0, longest));
  if (Array.isArray(value) && depth <= DEEPEST) return value.map((each) => storable(each, longest, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEEPEST) return 'nested too deeply';
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      storableText(key.slice(0, longest)),
      storable(each, longest, depth + 1),
    ]),
  );
}
