import { type OpenAPIObject } from '@nestjs/swagger';

/** As much of a JSON Schema (2020-12) as the program's own schemas use. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  example?: unknown;
  default?: unknown;
  minimum?: number;
  properties?: Record<string, Schema>;
  additionalProperties?: unknown;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
}

/** Every schema that the document names. */
export function schemasOf(document: OpenAPIObject): Record<string, Schema> {
  return (document.components?.schemas ?? {}) as Record<string, Schema>;
}

/**
 * Says of each object whether it may have other properties: one with named properties has no others, since unknown ones
 * are refused in requests and views are written out by hand; one without names holds facts that are not listed.
 */
export function closeObjects(schema: Schema): void {
  for (const inner of innerSchemas(schema)) closeObjects(inner);
  if (![schema.type].flat().includes('object') || schema.additionalProperties !== undefined) return;
  schema.additionalProperties = schema.properties === undefined;
}

/** A value that fits the schema, made of the examples that its parts give. */
export function exampleFor(schema: Schema, schemas: Record<string, Schema>, name = 'text'): unknown {
  if (schema.example !== undefined) return schema.example;
  if (schema.$ref !== undefined) return exampleFor(schemas[schema.$ref.split('/').at(-1) ?? ''] ?? {}, schemas, name);
  if (schema.default !== undefined) return schema.default;
  if (schema.enum) return schema.enum[0];
  const [first] = schema.allOf ?? schema.anyOf ?? schema.oneOf ?? [];
  if (first) return exampleFor(first, schemas, name);
  const types = [schema.type].flat();
  if (types.includes('null')) return null;
  if (types.includes('array')) return [exampleFor(schema.items ?? {}, schemas, name)];
  if (types.includes('boolean')) return true;
  if (types.includes('integer') || types.includes('number')) return schema.minimum ?? 1;
  if (types.includes('object')) {
    const properties = Object.entries(schema.properties ?? {});
    return Object.fromEntries(properties.map(([key, inner]) => [key, exampleFor(inner, schemas, key)]));
  }
  return schema.format === 'date-time' ? '2026-01-31T09:45:00.000Z' : name;
}

function innerSchemas(schema: Schema): Schema[] {
  const { properties = {}, items, anyOf = [], oneOf = [], allOf = [] } = schema;
  return [...Object.values(properties), ...(items ? [items] : []), ...anyOf, ...oneOf, ...allOf];
}
