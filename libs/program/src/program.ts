import { existsSync, readFileSync } from 'node:fs';

/** Which program this is. */
export interface Program {
  readonly version: string;
  readonly license: string;
  /** The commit that it was built from, with `+` when there were changes besides; null: not known. */
  readonly commit: string | null;
  readonly builtAt: string | null;
}

/** From the sources and from dist, package.json is so many folders up. */
const ROOTS = ['../../../', '../../../../'];

/** What package.json and the build say of this program. */
export function readProgram(): Program {
  const root = ROOTS.map((up) => new URL(up, import.meta.url)).find((url) => readJson(new URL('package.json', url)));
  if (!root) throw new Error('package.json is not where the program was started from');
  const { version, license } = readJson(new URL('package.json', root)) as { version: string; license: string };
  const build = readJson(new URL('dist/build.json', root)) as { commit?: string; builtAt?: string } | undefined;
  return { version, license, commit: build?.commit ?? null, builtAt: build?.builtAt ?? null };
}

/** `0.1.0 (5214e14, built 2026-11-26T21:33:08.000Z)`. */
export function programText({ version, commit, builtAt }: Program): string {
  const facts = [commit, builtAt && `built ${builtAt}`].filter(Boolean);
  return facts.length === 0 ? version : `${version} (${facts.join(', ')})`;
}

/** How a command is typed here: in a clone through npm, from an installed package by its name. */
export function commandName(): string {
  const isClone = ROOTS.some((up) => existsSync(new URL(`${up}scripts/cli.mjs`, import.meta.url)));
  return isClone ? 'npm run --silent cli --' : 'holdfast';
}

function readJson(url: URL): object | undefined {
  try {
    return JSON.parse(readFileSync(url, 'utf8')) as object;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
