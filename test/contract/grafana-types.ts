import { join } from 'node:path';
import ts from 'typescript';

const VIRTUAL = join(process.cwd(), 'test/contract/virtual-dashboard.ts');
/** Those of TypeScript and Grafana, which do not change from one dashboard to the next. */
const parsed = new Map<string, ts.SourceFile | undefined>();
const OPTIONS: ts.CompilerOptions = {
  strict: true,
  noEmit: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: [],
};

/** JSON writes the values of enums as what they are. */
const HEAD = `
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';
import type { Options as StatOptions } from '@grafana/grafana-foundation-sdk/stat';
import type { Options as SeriesOptions } from '@grafana/grafana-foundation-sdk/timeseries';
import type { GraphFieldConfig } from '@grafana/grafana-foundation-sdk/common';
import type { Dataquery } from '@grafana/grafana-foundation-sdk/prometheus';
type Wire<T> = 0 extends 1 & T ? T
  : T extends string ? \`\${T}\`
  : T extends number ? (\`\${T}\` extends \`\${infer N extends number}\` ? N : never)
  : T extends (...args: never[]) => unknown ? never
  : T extends readonly (infer U)[] ? Wire<U>[]
  : T extends object ? { [K in keyof T]: Wire<T[K]> } : T;
type OfType<Type extends string, Options, Custom> = Omit<Wire<Panel>, 'type' | 'options' | 'targets' | 'fieldConfig'> & {
  type: Type;
  options: Wire<Options>;
  targets: Partial<Wire<Dataquery>>[];
  fieldConfig: Omit<Wire<NonNullable<Panel['fieldConfig']>>, 'defaults'> & {
    defaults: Omit<Wire<NonNullable<Panel['fieldConfig']>['defaults']>, 'custom'> & { custom?: Wire<Custom> };
  };
};
type AnyPanel = (Wire<RowPanel> & { type: 'row' }) | OfType<'stat', StatOptions, never> | OfType<'timeseries', SeriesOptions, GraphFieldConfig>;
export const dashboard: Omit<Wire<Dashboard>, 'panels'> & { panels: AnyPanel[] } =
`;

/**
 * What TypeScript has against a dashboard, as Grafana's own types (generated from its schema) describe one: unknown and
 * missing properties, and values that are none of an enum. Panels may be rows, stats and time series with Prometheus queries.
 */
export function grafanaComplaints(dashboard: unknown): string[] {
  const text = `${HEAD}${JSON.stringify(dashboard, undefined, 2)};\n`;
  const host = ts.createCompilerHost(OPTIONS);
  const { getSourceFile, fileExists, readFile } = host;
  host.getSourceFile = (name, ...rest) => {
    if (name === VIRTUAL) return ts.createSourceFile(name, text, rest[0]);
    if (!parsed.has(name)) parsed.set(name, getSourceFile.call(host, name, ...rest));
    return parsed.get(name);
  };
  host.fileExists = (name) => name === VIRTUAL || fileExists.call(host, name);
  host.readFile = (name) => (name === VIRTUAL ? text : readFile.call(host, name));
  const program = ts.createProgram([VIRTUAL], OPTIONS, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ messageText, start = 0 }) =>
        `${text.slice(start, start + 40)}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}
