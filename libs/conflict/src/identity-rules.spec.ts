import { describe, expect, it } from '@jest/globals';
import { isStranger, seemsReused } from './identity-rules.js';

describe('two names', () => {
  it.each([
    ['Mina Ward', 'Lukas Berg'],
    ['王小明', '李丽华'],
    ['አበበ በቀለ', 'ሰላም'],
  ])('%s and %s are of different people', (name, other) => {
    expect(isStranger(name, other)).toBe(true);
  });

  it.each<[string | null, string, string]>([
    ['Mina Ward', 'Mina Bell', 'a common first name'],
    ['WARD, MINA', 'Mina Ward', 'another order'],
    ['José Núñez', 'Jose Nunez', 'no accents'],
    ['M. Ward', 'Mina Bell', 'an initial'],
    ['Alex', 'Alexandra Berg', 'a short form'],
    ['王小明', '王丽华', 'a common family name'],
    ['王小明', 'Wang Xiaoming', 'another script, which nobody can compare here'],
    [null, 'Mina', 'no name'],
    ['...', 'Mina', 'no letter'],
  ])('%s and %s may be of one: %s is there', (name, other) => {
    expect(isStranger(name, other)).toBe(false);
  });
});

describe('an ID seems to be reused', () => {
  const agreed = { name: 'Mina Ward', card_number: '4471', privilege: 0, has_pin: false };
  const other = { name: 'Lukas Berg', card_number: '4471', privilege: 0, has_pin: false };

  it.each([
    ['a card', { card_number: '9' }],
    ['no card any more', { card_number: null }],
    ['a PIN and a privilege', { has_pin: true, privilege: 14 }],
  ])('when a stranger has %s', (_, change) => {
    expect(seemsReused({ ...other, ...change }, agreed, agreed)).toBe(true);
  });

  it.each([
    ['the name alone is another', other, agreed],
    ['only a PIN came along', { ...other, has_pin: true }, agreed],
    ['the person was renamed likewise', { ...other, card_number: '9' }, { ...agreed, name: 'Lukas Berg' }],
    ['the name was not told', { card_number: '9' }, agreed],
    ['the card was not told', { name: 'Lukas Berg', privilege: 0, has_pin: false }, agreed],
  ])('but not when %s', (_, device, database) => {
    expect(seemsReused(device, database, agreed)).toBe(false);
  });
});
