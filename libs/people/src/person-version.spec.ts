import { describe, expect, it } from '@jest/globals';
import { entityTagOf, versionsWanted } from './person-version.js';

describe('an entity tag', () => {
  it('is understood again, with mappings and without', () => {
    expect(versionsWanted(entityTagOf(7))).toEqual([7]);
    expect(versionsWanted(entityTagOf(7, ['1', '23']))).toEqual([7]);
    expect(entityTagOf(7, ['1', '23'])).not.toBe(entityTagOf(7, ['12', '3']));
  });

  it('may be one of several, or any, or not there', () => {
    expect(versionsWanted('"1", W/"2-ab"')).toEqual([1, 2]);
    expect(versionsWanted(' * ')).toBeUndefined();
    expect(versionsWanted(undefined)).toBeUndefined();
  });

  it.each(['', '1', '"a"', '"1", "x"', '"99999999999"'])('is not %j', (text) => {
    expect(() => versionsWanted(text)).toThrow('If-Match must be the ETag');
  });
});
