import { expect, it } from '@jest/globals';
import { NameIndex } from '@app/name-matching';
import { accuracyOf, rosterOf, totalOf } from '../../support/name-variants/index.mjs';

/** The half of the names that the scorer was not tuned on, and a seed of its own. The whole table: docs/suggestions.md. */
const SAMPLE = { half: 1, seed: 77, size: 5_000 } as const;

it('puts the right person of 5,000 first for nine in ten names that a terminal shows', async () => {
  const roster = rosterOf(SAMPLE);
  const index = new NameIndex();
  for (const { id, name } of roster) index.add(id, name);
  const search = (text: string): string[] => index.search(text, 3).map(({ id }) => id);
  const cells = await accuracyOf({ roster, search, seed: 78, perCell: 10, withCeiling: false });
  const { asked, first, firstThree } = totalOf(cells);
  expect(cells.length).toBeGreaterThan(30);
  expect(first / asked).toBeGreaterThanOrEqual(0.9);
  expect(firstThree / asked).toBeGreaterThanOrEqual(0.97);
  for (const cell of cells) expect([cell.culture, cell.kind, cell.firstThree / cell.asked >= 0.6]).toContain(true);
}, 60_000);
