import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ERROR_CODES, findError } from '../../apps/server/src/openapi/error-catalogue.js';
import { ERROR_FAMILIES, familyOf } from '../../apps/server/src/openapi/error-families.js';
import { errorsPage } from '../../apps/server/src/openapi/errors-page.js';
import { codesInText, codesOf, shippedSources } from './codes-in-source.js';

/** What says something about codes without giving any out. */
const CATALOGUE = /^apps\/server\/src\/openapi\//;
/** Codes that the filter makes of a status: `http/${status}`. */
const OF_A_STATUS = ['http/400', 'http/404', 'http/413', 'http/415'];
/** Texts of the same shape that are no codes: media types, formats and routes. */
const NO_FAMILIES = ['api', 'application', 'text', 'holdfast-backup', 'holdfast-user'];

const { given, mentioned } = codesOf(shippedSources().filter((path) => !CATALOGUE.test(path)));

describe('the catalogue of errors', () => {
  it('has every code that the sources give out or name', () => {
    const missing = mentioned.filter(({ code }) => !NO_FAMILIES.includes(familyOf(code)) && !findError(code));
    expect(missing).toEqual([]);
    expect(given.length).toBeGreaterThan(150);
  });

  it('has none that no source gives out', () => {
    const codes = new Set([...given.map(({ code }) => code), ...OF_A_STATUS]);
    expect(ERROR_CODES.filter((code) => !codes.has(code))).toEqual([]);
  });

  it('says of each what has happened and what to do', () => {
    const poor = ERROR_CODES.filter((code) => {
      const { meaning, remedy } = findError(code)!;
      return meaning.split(' ').length < 3 || !/\w/.test(remedy) || meaning.includes('|') || remedy.includes('|');
    });
    expect(poor).toEqual([]);
  });

  it('has a family for each, and no family without one', () => {
    expect(Object.keys(ERROR_FAMILIES).toSorted()).toEqual([...new Set(ERROR_CODES.map(familyOf))].toSorted());
  });

  it('is docs/errors.md, which has every code once', () => {
    const page = readFileSync('docs/errors.md', 'utf8');
    expect(page).toBe(errorsPage());
    const codes = [...page.matchAll(/^\| `([^`]+)` \|/gm)].map(([, code]) => code);
    expect(codes.toSorted()).toEqual([...ERROR_CODES]);
  });
});

describe('the search for codes in a source', () => {
  const givenIn = (text: string): string[] => codesInText(text, 'x.ts').given.map(({ code }) => code);

  it.each([
    ['a class', `class E extends AppError { readonly code = 'a/b-c'; }`],
    ['a type', `export type DeviceErrorCode = 'x' | 'a/b-c';`],
    ['a constructor call', `throw new DeviceError('a/b-c', 'text');`],
    ['a property', `const verdict = { state: 'x', errorCode: 'a/b-c' };`],
    ['a choice', `const code = e instanceof AppError ? e.code : 'a/b-c';`],
    ['a call of the filter', `return bareProblem(500, 'a/b-c', 'text');`],
    ['a type of a property', `interface R { readonly code: 'a/b-c' | 'none' }`],
  ])('finds what %s gives out', (_, text) => {
    expect(givenIn(text)).toEqual(['a/b-c']);
  });

  it.each([
    ['an import', `import { x } from 'a/b-c';`],
    ['a comparison', `if (error.code === 'a/b-c') return;`],
    ['what a route is said to answer', `class C { @Problems('a/b-c') list() {} }`],
    ['an example', `class V { @ApiProperty({ example: 'a/b-c' }) readonly code: string; }`],
  ])('takes %s for none', (_, text) => {
    expect(givenIn(text)).toEqual([]);
  });
});
