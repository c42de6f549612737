import { describe, expect, it } from '@jest/globals';
import { HasherBusyError } from './accounts.errors.js';
import { PasswordHasher } from './password-hasher.js';

describe('the hasher', () => {
  it('hashes two at a time, in turn, and refuses who would wait too long', async () => {
    const hasher = new PasswordHasher();
    const ended: number[] = [];
    const jobs = Array.from({ length: 70 }, (_, i) =>
      hasher.matches('a guess', undefined).then(
        () => void ended.push(i),
        (error: unknown) => error,
      ),
    );
    const refused = (await Promise.all(jobs)).filter((result) => result !== undefined);
    expect(refused).toHaveLength(4);
    for (const error of refused) expect(error).toBeInstanceOf(HasherBusyError);
    // Two run side by side, so that neighbours may change places and no more.
    for (const [place, i] of ended.entries()) expect(Math.abs(place - i)).toBeLessThanOrEqual(1);
    expect(await hasher.matches('a guess', undefined)).toBe(false);
  });

  it('hashes the same password differently each time, with the parameters of the ADR', async () => {
    const hasher = new PasswordHasher();
    const [first, second] = [await hasher.hash('a calm river'), await hasher.hash('a calm river')];
    expect(first).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(first).not.toBe(second);
    expect(await hasher.matches('a calm river', first)).toBe(true);
    expect(await hasher.matches('a calm rivet', first)).toBe(false);
  });
});
