/** The wire is snake_case: renames the keys of plain objects and arrays, at every depth; values stay. */
export function snakeCased(value: readonly unknown[]): unknown[];
export function snakeCased(value: object): Record<string, unknown>;
export function snakeCased(value: object): unknown {
  return renamed(value);
}

function renamed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renamed);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      renamed(inner),
    ]),
  );
}
