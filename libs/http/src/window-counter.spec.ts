import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '@test/support';
import { WindowCounter } from './window-counter.js';

describe('a window counter', () => {
  it('lets a key have its limit in each window, and says how long is left', () => {
    const clock = new ManualClock();
    const counter = new WindowCounter(clock, { limit: 2, windowMs: 60_000 });
    expect([counter.hit('a'), counter.hit('a')]).toEqual([0, 0]);
    expect(counter.secondsBlocked('a')).toBe(60);
    clock.advance(20_500);
    expect([counter.hit('a'), counter.hit('b')]).toEqual([40, 0]);
    clock.advance(39_500);
    expect(counter.secondsBlocked('a')).toBe(0);
    expect(counter.hit('a')).toBe(0);
  });

  it('forgets the oldest keys rather than growing without end', () => {
    const counter = new WindowCounter(new ManualClock(), { limit: 1, windowMs: 60_000 });
    counter.hit('first');
    for (let i = 0; i < 9_999; i += 1) counter.hit(`key-${i}`);
    expect(counter.secondsBlocked('first')).toBe(60);
    counter.hit('one too many');
    expect([counter.secondsBlocked('first'), counter.secondsBlocked('key-0')]).toEqual([0, 60]);
  });
});
