import { expect, it } from '@jest/globals';
import { NameIndex } from './name-index.js';

function indexOf(...names: string[]): NameIndex {
  const index = new NameIndex();
  for (const name of names) index.add(name, name);
  return index;
}

it('finds a person by another spelling, another script, a typing error and a cut name', () => {
  const index = indexOf('Mohammed Al-Khatib', 'Tesfaye Girma', 'Sandeep Chaudhary', 'عبد الرحمن فوزي', 'Luis Moreno');
  const first = (shown: string): string | undefined => index.search(shown, 1)[0]?.id;
  expect(first('Muhamad Elkhateeb')).toBe('Mohammed Al-Khatib');
  expect(first('ተስፋዬ ግርማ')).toBe('Tesfaye Girma');
  expect(first('Sandip Choudhury')).toBe('Sandeep Chaudhary');
  expect(first('Sandeep Chauhdary')).toBe('Sandeep Chaudhary');
  expect(first('Tesaye Grima')).toBe('Tesfaye Girma');
  expect(first('ABDULRAHMAN FAW\ufffd')).toBe('عبد الرحمن فوزي');
});

it('leaves out who is not accepted, and who shares nothing', () => {
  const index = indexOf('Luis Moreno', 'Luiz Moreno', 'Ana Vidal');
  expect(index.search('Luis Moreno', 5).map(({ id }) => id)).toEqual(['Luis Moreno', 'Luiz Moreno']);
  expect(index.search('Luis Moreno', 5, (id) => id !== 'Luis Moreno').map(({ id }) => id)).toEqual(['Luiz Moreno']);
});

it('gives people of the same name in the order in which they came', () => {
  const index = new NameIndex();
  for (const id of ['7', '3', '5']) index.add(id, 'Ana Vidal');
  expect(index.search('ana vidal', 5).map(({ id, score }) => [id, score])).toEqual([
    ['7', 1],
    ['3', 1],
    ['5', 1],
  ]);
  expect(index.search('ana vidal', 2)).toHaveLength(2);
});

it('finds nobody for a name without a letter, nor in an empty index', () => {
  expect(indexOf('Ana Vidal', '', '…').search('12 !', 5)).toEqual([]);
  expect(new NameIndex().search('Ana Vidal', 5)).toEqual([]);
});
