const LONGEST_NAME = 200;

/** A text of a terminal as PostgreSQL can keep it: without NUL, and without halves of characters. */
export function storableText(text: string): string {
  return text.replaceAll('\u0000', '').toWellFormed();
}

/** A name, a model or the like: as storableText, and not endless. */
export function storableName(text: string): string {
  return storableText(text).slice(0, LONGEST_NAME).toWellFormed();
}

/** As storableText, for every text of a JSON value, keys too; each no longer than `longest`. */
export function storable(value: unknown, longest = Number.POSITIVE_INFINITY): unknown {
  if (typeof value === 'string') return storableText(value.slice(0, longest));
  if (Array.isArray(value)) return value.map((each) => storable(each, longest));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [storableText(key.slice(0, longest)), storable(each, longest)]),
  );
}
