import { describe, expect, it } from '@jest/globals';
import { Public } from '@app/http';
import { Permit, permissionOf } from './permit.js';

describe('the permission of a route', () => {
  class Silent {
    plain(): void {}
    @Permit('operator')
    stated(): void {}
  }
  @Permit('viewer')
  class Guarded {
    plain(): void {}
    @Permit('administrator')
    stricter(): void {}
    @Public()
    open(): void {}
    @Public()
    @Permit('operator')
    both(): void {}
  }
  @Public()
  class Open {
    plain(): void {}
    @Permit('viewer')
    stated(): void {}
  }

  it.each([
    [Silent, 'plain', undefined],
    [Silent, 'stated', 'operator'],
    [Guarded, 'plain', 'viewer'],
    [Guarded, 'stricter', 'administrator'],
    [Guarded, 'open', 'public'],
    [Guarded, 'both', 'operator'],
    [Open, 'plain', 'public'],
    [Open, 'stated', 'viewer'],
  ] as const)('of %p.%s is %s: the method speaks first, and a role before the public', (controller, name, expected) => {
    const handler = (controller.prototype as unknown as Record<string, object>)[name];
    expect(permissionOf(handler, controller)).toBe(expected);
  });
});
