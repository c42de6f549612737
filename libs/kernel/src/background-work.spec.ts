import { describe, expect, it } from '@jest/globals';
import { BackgroundWork } from './background-work.js';
import { AbortedError } from './clock.js';

/** Work that ends, well or badly, when it is told to stop. */
function untilStopped(end: () => void): (stopping: AbortSignal) => Promise<void> {
  return (stopping) =>
    new Promise((resolve, reject) => {
      stopping.addEventListener('abort', () => {
        try {
          end();
          resolve();
        } catch (error) {
          reject(error as Error);
        }
      });
    });
}

describe('background work', () => {
  it('is told to stop, and waited for', async () => {
    const background = new BackgroundWork();
    const ended: string[] = [];
    const one = background.run(untilStopped(() => ended.push('one'))).then(() => ended.push('one told'));
    const other = background.run(
      untilStopped(() => {
        throw new Error('in vain');
      }),
    );
    const failing = expect(other).rejects.toThrow('in vain');
    await background.stop();
    expect(ended).toContain('one');
    await Promise.all([one, failing]);
  });

  it('does not begin any more after the stop', async () => {
    const background = new BackgroundWork();
    await background.stop();
    let begun = false;
    const work = async (): Promise<void> => void (begun = true);
    await expect(background.run(work)).rejects.toBeInstanceOf(AbortedError);
    await background.round(work);
    expect(begun).toBe(false);
  });

  it('is no failure when a round of it is stopped, and one when it fails by itself', async () => {
    const background = new BackgroundWork();
    await expect(background.round(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    const stopped = background.round(
      untilStopped(() => {
        throw new AbortedError('told to');
      }),
    );
    await background.stop();
    await expect(stopped).resolves.toBeUndefined();
  });
});
