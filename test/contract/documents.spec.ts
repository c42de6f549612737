import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { NOTICE_TOPICS } from '@app/notification';
import { describe, expect, it } from '@jest/globals';
import { load } from 'js-yaml';
import ts from 'typescript';
import { ExitCode } from '../../apps/cli/src/exit-code.js';
import { ERROR_FAMILIES } from '../../apps/server/src/openapi/error-families.js';
import { anchorsOf, brokenLinks, namedPaths, pages, tableBelow } from './markdown.js';

const read = (path: string): string => readFileSync(path, 'utf8');
const troubleshooting = read('docs/TROUBLESHOOTING.md');

/** What stands in code in the first cell of each row. */
function namesIn(heading: string): string[] {
  return tableBelow(troubleshooting, heading).flatMap(([first]) =>
    [...first.matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
}

/** The texts of a union: of a type, or of the property `kind` of its members. */
function unionOf(path: string, type: string): string[] {
  const source = ts.createSourceFile(path, read(path), ts.ScriptTarget.ES2023, true);
  const alias = source.statements.find((it) => ts.isTypeAliasDeclaration(it) && it.name.text === type);
  if (!alias) throw new Error(`${path} has no type ${type}`);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const isOtherProperty = ts.isPropertySignature(node) && node.name.getText() !== 'kind';
    if (isOtherProperty) return;
    if (ts.isStringLiteral(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(alias);
  return found;
}

describe('the documents', () => {
  it('link to nothing that is not there, anchors included', () => {
    expect(pages()).toEqual(expect.arrayContaining(['README.md', 'docs/security.md', 'docs/monitoring/README.md']));
    expect(pages().flatMap((page) => brokenLinks(page))).toEqual([]);
  });

  it('name no file of the repository that is not there', () => {
    const missing = pages().flatMap((page) =>
      namedPaths(read(page)).flatMap((path) => (existsSync(path) ? [] : [`${page}: ${path}`])),
    );
    expect(missing).toEqual([]);
  });

  it('would be found out: a dead link, a dead anchor, a file that has gone', () => {
    const text = '# A page\n[a](no-such.md) [b](#no-such) [c](#a-page) [d](https://example.org/x)\n`libs/no-such/x.ts`';
    expect(brokenLinks('docs/page.md', text)).toHaveLength(2);
    expect(namedPaths(text)).toEqual(['libs/no-such/x.ts']);
    expect([...anchorsOf('# What, and “why”?\n```\n# none\n```\n## `a` [b](c.md)\n## `a` b')]).toEqual([
      'what-and-why',
      'a-b',
      'a-b-1',
    ]);
  });
});

describe('docs/TROUBLESHOOTING.md', () => {
  it('has every alert of alerts.yml, and no other', () => {
    const { groups } = load(read('docs/monitoring/alerts.yml')) as { groups: { rules: { alert: string }[] }[] };
    const alerts = groups.flatMap(({ rules }) => rules.map(({ alert }) => alert));
    expect(namesIn('Alerts of Prometheus')).toEqual(alerts);
  });

  it('has every kind of notice, and no other', () => {
    expect(namesIn('Notices')).toEqual([...NOTICE_TOPICS]);
  });

  it('has every alarm of terminals that dial in, and no other', () => {
    const kinds = unionOf('libs/device-gateway/src/terminal-host.ts', 'TerminalAlarm');
    expect(namesIn('Alarms of terminals that dial in').toSorted()).toEqual(kinds.toSorted());
  });

  it('has every reason for which a list is not believed, and no other', () => {
    const reasons = unionOf('libs/device-gateway/src/device.errors.ts', 'IncompleteReason');
    expect(namesIn('The list of a terminal is not believed').toSorted()).toEqual(reasons.toSorted());
  });

  it('says of each of them the cause and what to do', () => {
    for (const heading of [
      'Alerts of Prometheus',
      'Notices',
      'Alarms of terminals that dial in',
      'The list of a terminal is not believed',
    ]) {
      for (const cells of tableBelow(troubleshooting, heading)) {
        expect([heading, cells]).toEqual([
          heading,
          [expect.stringMatching(/`/), expect.stringMatching(/\w+ \w+/), expect.stringMatching(/\w/)],
        ]);
      }
    }
  });

  it('has every exit code', () => {
    const rows = tableBelow(troubleshooting, 'Exit codes').map(([code, name]) => [name, Number(code)]);
    expect(rows).toEqual(Object.entries(ExitCode).map(([name, code]) => [`\`${name}\``, code]));
  });

  it('leads from every family of error codes to where its trouble is told', () => {
    const rows = tableBelow(troubleshooting, 'Error codes');
    const families = rows.flatMap(([first]) => [...first.matchAll(/`([a-z-]+)\/…`\]\(errors\.md#/g)]);
    expect(families.map(([, family]) => family).toSorted()).toEqual(Object.keys(ERROR_FAMILIES).toSorted());
    for (const [, , see] of rows) expect(see).toMatch(/\]\(/);
  });
});

/** What counts as evidence besides a file that is named: a link, a file of the root, or the page itself. */
const EVIDENCE = /\]\(|`(?:\.ci\/run|\.?[\w-]+\.json)`|this page|above/;

describe('docs/security.md', () => {
  const page = read('docs/security.md');
  const chapters = [...page.matchAll(/^### (V\d+ .+)$/gm)].map(([, heading]) => heading);
  const rows = chapters.flatMap((heading) => tableBelow(page, heading));

  it('has a state and its grounds for every requirement of ASVS, and evidence where it is held', () => {
    expect(chapters.map((heading) => heading.split(' ')[0])).toEqual(Array.from({ length: 14 }, (_, i) => `V${i + 1}`));
    expect(rows.length).toBeGreaterThan(150);
    const isGrounded = (state: string, grounds: string): boolean =>
      state === 'Held' ? namedPaths(grounds).length > 0 || EVIDENCE.test(grounds) : /\w/.test(grounds);
    const poor = rows.filter(
      ([, state, grounds, ...more]) =>
        !['Held', 'Open', 'Site', 'n/a'].includes(state) || !isGrounded(state, grounds) || more.length > 0,
    );
    expect(poor).toEqual([]);
  });

  it('names each requirement once', () => {
    const numbers = rows.flatMap(([requirement]) => requirement.match(/\d+\.\d+(?:\.\d+)?/g) ?? []);
    expect(numbers.filter((number, index) => numbers.indexOf(number) !== index)).toEqual([]);
  });

  it('names every column of the database that is sealed', () => {
    const columns = new Set<string>();
    for (const name of readdirSync('migrations')) {
      for (const [, column] of read(`migrations/${name}`).matchAll(
        /^\s+(\w+(?:_sealed|_encrypted|_fingerprint)) (?:text|bytea)/gm,
      ))
        columns.add(column);
    }
    expect(columns.size).toBeGreaterThan(4);
    expect([...columns].filter((column) => !page.includes(column))).toEqual([]);
  });
});
