import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SecretScrubber } from './secret-scrubber.js';

describe('SecretScrubber', () => {
  it('leaves no known secret in any text, however it is written there', () => {
    const secret = fc.string({ minLength: 4, maxLength: 30, unit: 'grapheme-ascii' }).filter((text) => {
      return text.trim() === text && text.length >= 4 && !'(hidden)'.includes(text);
    });
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        const scrubber = new SecretScrubber([text]);
        for (const form of [text, encodeURIComponent(text), JSON.stringify(text).slice(1, -1)]) {
          const isNumber = /^\d+$/.test(form);
          const scrubbed = scrubber.scrub(isNumber ? `${before} ${form} ${after}` : `${before}${form}${after}`);
          expect(scrubbed).toContain('(hidden)');
          if (!isNumber && !`${before}${after}`.includes(form)) expect(scrubbed).not.toContain(form);
        }
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['an API key', 'sent hf_3kd9aXy7Qw12 today', 'hf_3kd9aXy7Qw12'],
    ['a session', 'hs_MAgxppxWVkN5abc', 'hs_MAgxppxWVkN5abc'],
    ['a set-up token', '{"token":"setup_7QEwsIOzabc"}', 'setup_7QEwsIOzabc'],
    ['an age key', 'AGE-SECRET-KEY-1QQQQQQQQQQ', 'AGE-SECRET-KEY-1QQQQQQQQQQ'],
    ['a header', 'Authorization: Bearer abc.def-ghi', 'abc.def-ghi'],
    ['a URL', 'postgresql://holdfast:s3cr%40t@db/holdfast', 's3cr%40t'],
    ['a field of JSON', '{"password":"a calm river"}', 'a calm river'],
    ['a field of JSON in JSON', String.raw`{"body":"{\"pin\":\"7351\"}"}`, '7351'],
    ['a setting', 'ADMIN_TOKEN=abcdefgh', 'abcdefgh'],
    ['a digest of a password', '$argon2id$v=19$m=1,t=2$abc$def', 'argon2id'],
    ['a template', `template ${'QUJD'.repeat(60)}`, 'QUJDQUJD'],
    ['a webhook of Slack', 'https://hooks.slack.com/services/T0/B0/xyz', 'xyz'],
  ])('knows %s by its shape', (_what, text, secret) => {
    expect(new SecretScrubber([]).scrub(text)).not.toContain(secret);
  });

  it('takes a number out where it stands alone, and not out of a longer one', () => {
    const scrubber = new SecretScrubber(['123456']);
    expect(scrubber.scrub('key 123456, user 91234567')).toBe('key (hidden), user 91234567');
  });

  it('leaves what is no secret', () => {
    const text = '{"level":"warn","msg":"sync run failed","device":"Front door","code":"device/timeout","user":"9001"}';
    expect(new SecretScrubber(['s3cret']).scrub(text)).toBe(text);
  });

  it('goes through whole documents, keys too', () => {
    const scrubber = new SecretScrubber(['s3cret']);
    expect(scrubber.scrubAll({ s3cret: ['s3cret', 1, null, { at: new Date(0) }] })).toEqual({
      '(hidden)': ['(hidden)', 1, null, { at: '1970-01-01T00:00:00.000Z' }],
    });
  });
});
