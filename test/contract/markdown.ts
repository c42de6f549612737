import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The pages that people read: those of the root and everything below docs. */
export function pages(): readonly string[] {
  const below = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name));
  return [...readdirSync('.'), ...below].filter((name) => name.endsWith('.md')).toSorted();
}

/** What of a page is prose: without blocks of code. */
function proseOf(text: string): string {
  return text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, '');
}

/** The anchors of a page, as GitHub makes them of its headings. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading] of proseOf(text).matchAll(/^#{1,6} +(.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').replaceAll(/[`*]/g, '');
    const slug = words
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Links of a page to places of this repository that are not there, each with why. */
export function brokenLinks(page: string, text = readFileSync(page, 'utf8')): readonly string[] {
  const withoutCode = proseOf(text).replaceAll(/`[^`\n]*`/g, '`');
  return [...withoutCode.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^[a-z]+:/.test(link)) return [];
    const [path, anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path);
    if (target !== page && !existsSync(target)) return [`${page}: ${link}: there is no ${target}`];
    if (anchor === undefined) return [];
    const there = target === page ? text : readFileSync(target, 'utf8');
    return anchorsOf(there).has(anchor) ? [] : [`${page}: ${link}: ${target} has no such heading`];
  });
}

const OF_THIS_REPOSITORY = /^(?:apps|libs|test|docs|migrations|scripts|bench)\/[\w./@-]+$/;

/** Files and folders of this repository that a page names in code. */
export function namedPaths(text: string): readonly string[] {
  const spans = [...proseOf(text).matchAll(/`([^`\n]+)`/g)].map(([, span]) => span);
  return spans.filter((span) => OF_THIS_REPOSITORY.test(span));
}

/** The rows of the first table below a heading, as their cells. */
export function tableBelow(text: string, heading: string): readonly (readonly string[])[] {
  const lines = text.split('\n');
  const from = lines.findIndex((line) => /^#+ /.test(line) && line.replace(/^#+ /, '') === heading);
  if (from === -1) throw new Error(`there is no heading "${heading}"`);
  const first = lines.findIndex((line, index) => index > from && line.startsWith('|'));
  const after = lines.findIndex((line, index) => index > first && !line.startsWith('|'));
  return lines.slice(first + 2, after).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}
