import { describe, expect, it } from '@jest/globals';
import { WeakPasswordError } from './accounts.errors.js';
import { normalisePassword, requireGoodPassword } from './password-rules.js';

const refusal = (password: string, name = 'mina'): string => {
  try {
    requireGoodPassword(password, name);
    return 'none';
  } catch (error) {
    expect(error).toBeInstanceOf(WeakPasswordError);
    return (error as Error).message;
  }
};

describe('a password', () => {
  it.each([
    'a calm river',
    'aaaaaaaaaaab',
    'пароль из слов',
    '\u{1f600}'.repeat(12),
    'x'.repeat(256),
    ' leading and trailing ',
    '            ',
  ])('may be %j: only length counts, in characters', (password) => {
    expect(refusal(password)).toBe('none');
  });

  it.each([
    ['elevenchars', /has 11;/],
    ['\u{1f600}'.repeat(11), /has 11;/],
    ['e\u0301'.repeat(11), /has 11;/],
    ['x'.repeat(257), /has 257;/],
    ['', /has 0;/],
    ['PassWord1234', /first that guessers try/],
    ['CHOOSE-YOUR-OWN', /first that guessers try/],
    ['the house of MINA', /holds the name/],
    ['the house of \uff2dina', /holds the name/],
  ])('is refused when it is %j', (password, reason) => {
    expect(refusal(password)).toMatch(reason);
    if (password.length > 11) expect(refusal(password)).not.toContain(password);
  });

  it('may hold a name of one or two characters', () => {
    expect(refusal('a calm river at dawn', 'a')).toBe('none');
    expect(refusal('a calm river at dawn', 'at ')).toBe('none');
    expect(refusal('a calm river at dawn', 'cal')).toMatch(/holds the name/);
  });

  it('is the same however a keyboard composes it', () => {
    expect(normalisePassword('cafe\u0301')).toBe(normalisePassword('caf\u00e9'));
  });
});
