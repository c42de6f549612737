import fc from 'fast-check';
import { type Schema } from '../../apps/server/src/openapi/schemas.js';

/** Values that no schema here wants, or only by accident: what breaks parsers, columns, sorts and terminals. */
export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom(
    null,
    true,
    '',
    ' ',
    0,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    -(2 ** 63),
    1e308,
    '9223372036854775807',
    '9223372036854775808',
    '-1',
    '1e3',
    '0x10',
    'a\0b',
    '\ud800',
    '\udfff\ud800',
    '\u202e\u200b',
    '%',
    "'; drop table devices; --",
    '../../etc/passwd',
    '2026-02-30T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999999999+14:00',
    '-271821-04-20T00:00:00Z',
    [],
    {},
    [[]],
    { toString: 1 },
  ),
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.integer({ min: 1_000, max: 20_000 }).map((length) => 'x'.repeat(length)),
  fc.integer({ min: 1, max: 400 }).map((depth) => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`) as unknown),
  fc.double(),
  fc.maxSafeInteger(),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Values that fit the schema. */
export function sound(schema: Schema, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  if (schema.$ref) return sound(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas);
  const examples = schema.example === undefined ? [] : [fc.constant(schema.example)];
  return fc.oneof(...examples, fitting(schema, schemas));
}

function fitting(schema: Schema & Bounds, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const [branch] = schema.anyOf ?? schema.oneOf ?? schema.allOf ?? [];
  if (branch) return sound(branch, schemas);
  const types = [schema.type].flat();
  const nullable = types.includes('null') ? [fc.constant(null)] : [];
  const { minimum = -1_000, maximum = 1_000_000_000, minLength = 0, maxLength = 60 } = schema;
  if (types.includes('boolean')) return fc.oneof(...nullable, fc.boolean());
  if (types.includes('integer')) return fc.oneof(...nullable, fc.integer({ min: minimum, max: maximum }));
  if (types.includes('number')) return fc.oneof(...nullable, fc.double({ min: minimum, max: maximum, noNaN: true }));
  if (types.includes('array')) {
    return fc.oneof(...nullable, fc.array(sound(schema.items ?? {}, schemas), { minLength: 1, maxLength: 3 }));
  }
  if (types.includes('object')) return fc.oneof(...nullable, objectOf(schema, schemas));
  if (schema.format === 'date-time') {
    const within = { min: new Date('2000-01-01'), max: new Date('2060-01-01'), noInvalidDate: true };
    return fc.oneof(
      ...nullable,
      fc.date(within).map((date) => date.toISOString()),
    );
  }
  if (schema.pattern) return fc.oneof(...nullable, fc.stringMatching(new RegExp(schema.pattern)));
  return fc.oneof(...nullable, fc.string({ minLength, maxLength, unit: 'grapheme' }));
}

function objectOf(schema: Schema & Bounds, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([key, inner]) => [key, sound(inner, schemas)] as const,
  );
  return fc.record(Object.fromEntries(properties), { requiredKeys: [...(schema.required ?? [])] });
}

/** Sound but for one thing: a value, a property that is missing, one too many. */
export function almost(schema: Schema, schemas: Record<string, Schema>): fc.Arbitrary<unknown> {
  return fc
    .tuple(sound(schema, schemas), fc.nat(), fc.constantFrom('spoil', 'drop', 'add'), hostile)
    .map(([value, place, how, bad]) => {
      if (typeof value !== 'object' || value === null) return bad;
      const keys = Object.keys(value);
      const key = keys[place % Math.max(keys.length, 1)] ?? 'x';
      if (how === 'add') return { ...value, [`x${place}`]: bad };
      const rest = Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
      return how === 'drop' ? rest : { ...rest, [key]: bad };
    });
}

interface Bounds {
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly required?: readonly string[];
}
