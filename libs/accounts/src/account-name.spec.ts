import { describe, expect, it } from '@jest/globals';
import { ACCOUNT_NAME, nameDigestOf, nameKeyOf, tidyName } from './account-name.js';

describe('the name of an account', () => {
  it.each(['mina', 'Mina Ward', "o'hara", 'mina.ward@example', 'ሚና', 'x', '陳大文', 'a'.repeat(64)])(
    'may be %s',
    (name) => {
      expect(ACCOUNT_NAME.test(tidyName(name))).toBe(true);
    },
  );

  it.each(['', ' ', 'a'.repeat(65), '-mina', 'mina\n', 'mi\tna', 'mina:ward', 'mina\u202e', '<b>', 'mina  \u0000'])(
    'may not be %j',
    (name) => {
      expect(ACCOUNT_NAME.test(name)).toBe(false);
    },
  );

  it('is looked up in any case and any composition', () => {
    for (const name of ['RENE\u0301E', ' ren\u00e9e ', '\uff32en\u00e9e']) expect(nameKeyOf(name)).toBe('ren\u00e9e');
    expect(nameDigestOf('Mina')).toBe(nameDigestOf('mina'));
    expect(nameDigestOf('mina')).not.toBe(nameDigestOf('mino'));
  });
});
