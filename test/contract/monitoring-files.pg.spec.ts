import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dump, load } from 'js-yaml';
import { type ContractApp, openContractApp } from './contract-app.js';
import { grafanaComplaints } from './grafana-types.js';
import { figuresIn } from './promql.js';
import { ADMINISTRATOR, send } from './sending.js';

/** Prometheus makes this one itself. */
const OF_PROMETHEUS = ['up'];

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<'summary' | 'description' | 'runbook_url', string>>;
}
interface Dashboard {
  readonly panels: readonly {
    readonly id: number;
    readonly type: string;
    readonly title: string;
    readonly description?: string;
    readonly targets?: readonly { readonly expr: string }[];
    readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  }[];
  readonly templating: { readonly list: readonly { readonly name: string; readonly query: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const ALERTS = 'docs/monitoring/alerts.yml';
const read = (path: string): string => readFileSync(path, 'utf8');
const rules = (load(read(ALERTS)) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
const dashboard = JSON.parse(read('docs/monitoring/dashboard.json')) as Dashboard;
const readme = read('docs/monitoring/README.md');

/** With a length in the place of Grafana's own variable, which Prometheus does not know. */
const dashboardExpressions = [
  ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ...dashboard.annotations.list.map(({ expr }) => expr),
].map((expr) => expr.replaceAll('$__rate_interval', '5m'));
const expressions = [...rules.map(({ expr }) => expr), ...dashboardExpressions];

const promtool = ['.tools/promtool', '/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync);
const withPromtool = promtool ? it : it.skip;
const REMEDY = promtool ? '' : ' (skipped: there is no promtool here; `node scripts/promtool.mjs` fetches it)';

function checkRules(path: string): { readonly status: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(promtool ?? '', ['check', 'rules', path], { encoding: 'utf8' });
  return { status, output: stdout + stderr };
}

let contract: ContractApp;
/** The figures that `/metrics` shows, with those that belong to a histogram. */
let shown: ReadonlySet<string>;
let page: string;
beforeAll(async () => {
  contract = await openContractApp();
  page = (await send(contract.port, { method: 'GET', path: '/metrics', headers: ADMINISTRATOR })).text;
  const types = [...page.matchAll(/^# TYPE (\S+) (\w+)$/gm)];
  const suffixes = (type: string): string[] => (type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']);
  shown = new Set(types.flatMap(([, name, type]) => suffixes(type).map((suffix) => name + suffix)));
});
afterAll(async () => {
  await contract[Symbol.asyncDispose]();
});

describe('docs/monitoring/alerts.yml', () => {
  it('says of every alert how bad it is, what has happened, and where to read what to do', () => {
    const anchors = new Set([...readme.matchAll(/^### (\w+)$/gm)].map(([, heading]) => heading.toLowerCase()));
    for (const { alert, labels, annotations } of rules) {
      expect(['warning', 'critical']).toContain(labels.severity);
      expect(annotations.summary).toMatch(/\S/);
      expect(annotations.description).toMatch(/\.$/);
      expect(annotations.runbook_url).toBe(`docs/monitoring/README.md#${alert.toLowerCase()}`);
      expect(anchors).toContain(alert.toLowerCase());
    }
    expect(new Set(rules.map(({ alert }) => alert)).size).toBe(rules.length);
    expect(rules).toHaveLength(anchors.size);
  });

  withPromtool(`is taken by Prometheus’ own promtool${REMEDY}`, () => {
    expect(checkRules(ALERTS)).toMatchObject({ status: 0, output: expect.stringContaining('SUCCESS') });
  });
});

describe('docs/monitoring/dashboard.json', () => {
  it('is a dashboard by Grafana’s own types, which find what is none', () => {
    expect(grafanaComplaints(dashboard)).toEqual([]);
    const [row, stat, ...rest] = dashboard.panels;
    const broken = { ...stat, options: { colorMode: 'loud' }, gridPos: { ...stat.gridPos, z: 1 } };
    expect(grafanaComplaints({ ...dashboard, panels: [row, broken, ...rest] })).not.toEqual([]);
    expect(grafanaComplaints({ ...dashboard, colour: 'green' })).not.toEqual([]);
  });

  it('says of every panel what it shows, and lays none over another', () => {
    const panels = dashboard.panels.filter(({ type }) => type !== 'row');
    for (const { title, description } of panels)
      expect([title, description]).toEqual([title, expect.stringMatching(/\.$/)]);
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...dashboard.panels.map(({ gridPos: { x, w } }) => x + w))).toBeLessThanOrEqual(24);
  });

  withPromtool(`asks what Prometheus understands, by its own promtool${REMEDY}`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-rules-'));
    const check = (exprs: readonly string[]): ReturnType<typeof checkRules> => {
      const path = join(folder, 'rules.yml');
      const asRules = exprs.map((expr, index) => ({
        record: `panel:expression:${index}`,
        expr: expr.replaceAll('$device', '.*'),
      }));
      writeFileSync(path, dump({ groups: [{ name: 'dashboard', rules: asRules }] }));
      return checkRules(path);
    };
    try {
      expect(check(dashboardExpressions)).toMatchObject({ status: 0 });
      expect(check(['sum(holdfast_leases_held'])).toMatchObject({ status: 1 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('/metrics', () => {
  withPromtool(`is taken by Prometheus’ own promtool, which finds no fault with a name of ours${REMEDY}`, () => {
    const { stdout, stderr } = spawnSync(promtool ?? '', ['check', 'metrics'], { input: page, encoding: 'utf8' });
    // What prom-client calls its own figures is not ours to change.
    expect((stdout + stderr).split('\n').filter((line) => line && !/^nodejs_active_\w+ /.test(line))).toEqual([]);
  });
});

describe('the figures that alerts, dashboard and README name', () => {
  it('stand in expressions that the grammar of PromQL knows', () => {
    expect(expressions.length).toBeGreaterThan(50);
    expect(expressions.filter((expr) => figuresIn(expr).length === 0)).toEqual([]);
    expect(() => figuresIn('sum(rate(x[5m])')).toThrow(/no PromQL/);
  });

  it('are figures that /metrics of the running program shows', () => {
    const variables = dashboard.templating.list.flatMap(
      ({ query }) => /label_values\((\w+),/.exec(query)?.slice(1) ?? [],
    );
    const named = [...expressions.flatMap(figuresIn), ...variables];
    const unknown = named.filter((name) => !shown.has(name) && !OF_PROMETHEUS.includes(name));
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('and all that /metrics shows of Holdfast stand in the README, and no others', () => {
    const documented = new Set([...readme.matchAll(/`(holdfast_\w+?)(?:\{[^`]*)?`/g)].map(([, name]) => name));
    const own = [...shown]
      .filter((name) => name.startsWith('holdfast_'))
      .map((name) => name.replace(/_(bucket|sum|count)$/, ''));
    expect([...documented].toSorted()).toEqual([...new Set(own)].toSorted());
  });
});
