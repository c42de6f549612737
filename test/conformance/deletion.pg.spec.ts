import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { ApiKeysService } from '@app/accounts';
import { AuditEntry } from '@app/audit';
import { type EmulatedUser } from '@app/device-emulator';
import { DeviceWriterModule } from '@app/device-writer';
import { DialInModule, DialInService } from '@app/dial-in';
import { canonicalDeviceUserId, type Role, ROLES, systemActor } from '@app/kernel';
import { dialInUrl, openTestApp, QUICK_TIMEOUTS, SYNCED_KINDS, type TestApp } from '@test/support';
import fc from 'fast-check';
import request from 'supertest';

jest.setTimeout(240_000);
let app: TestApp;

beforeAll(async () => {
  const timeouts = { ...QUICK_TIMEOUTS, idleMs: 2_000, replyMs: 2_000, pageMs: 500 };
  app = await openTestApp([DeviceWriterModule, DialInModule], { timeouts, env: { AIFACE_PORT: '0' } });
  await dialInUrl(app);
});
afterAll(async () => {
  await app.get(DialInService).stop();
  await app[Symbol.asyncDispose]();
});

const CALLERS = ['none', 'invalid', 'expired', ...ROLES] as const;
type CallerKind = (typeof CALLERS)[number];

/** A key of its own for each case, since an administrator has a budget; undefined: no credential at all. */
async function credentialOf(caller: CallerKind): Promise<{ readonly token?: string; readonly name?: string }> {
  if (caller === 'none') return {};
  if (caller === 'invalid') return { token: 'hf_abcdefgh_nobody' };
  const role: Role = caller === 'expired' ? 'administrator' : caller;
  const { key, secret } = await app.get(ApiKeysService).create({ name: caller, role }, systemActor);
  const past = `update api_keys set expires_at = clock_timestamp() - interval '1 s' where id = $1`;
  if (caller === 'expired') await app.database.dataSource.query(past, [key.id]);
  return { token: secret, name: `key:hf_${key.prefix}` };
}

/** Requirements 1.5, 3.4 and 3.5, over the wire of each kind of terminal. */
describe.each(SYNCED_KINDS)('deleting from a terminal of kind $name', (kind) => {
  const users = kind.content(6).filter((content) => content.length > 0);
  const reason = fc.constantFrom(undefined, '  ', 'left the school', 'asked for it in writing');
  /** Administrators more often, since they alone change anything. */
  const caller = fc.constantFrom<CallerKind>(...CALLERS, 'administrator', 'administrator', 'administrator');
  /** Mostly somebody who is there. */
  const target = fc.option(fc.nat(), { freq: 3, nil: undefined });

  it('Property 5: Admin-only deletion: exactly that user leaves if and only if an administrator gave a reason', async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(users, caller, reason, target, async (content, who, why, pick) => {
        // Terminals come and go, and get each other's ports.
        await app.database.dataSource.query('delete from devices');
        await using terminal = await kind.start(app, content);
        const chosen: EmulatedUser | undefined = pick === undefined ? undefined : content[pick % content.length];
        const id = chosen ? canonicalDeviceUserId(chosen.userId) : '987654321';
        const isThere = content.some(({ userId }) => canonicalDeviceUserId(userId) === id);
        const { token, name } = await credentialOf(who);
        const before = terminal.snapshot();

        const asked = request(app.app.getHttpServer()).delete(`/api/device-users/${terminal.device.id}/${id}`);
        if (token !== undefined) asked.auth(token, { type: 'bearer' });
        const { status } = await asked.send(why === undefined ? {} : { reason: why });
        statuses.add(status);

        const entries = await app.database.dataSource
          .getRepository(AuditEntry)
          .findBy({ operation: 'user_deleted', deviceId: terminal.device.id });
        const hasReason = (why ?? '').trim() !== '';
        if (who === 'administrator' && hasReason && isThere) {
          expect(status).toBe(200);
          expect(entries).toMatchObject([{ deviceUserId: id, performedBy: name, details: { reason: why } }]);
          const after = terminal.snapshot();
          terminal.setUsers(content.filter(({ userId }) => canonicalDeviceUserId(userId) !== id));
          expect(after).toBe(terminal.snapshot());
          return;
        }
        if (who === 'administrator') expect(status).toBe(hasReason ? 404 : 400);
        else expect(status).toBe(who === 'viewer' || who === 'operator' ? 403 : 401);
        expect(terminal.snapshot()).toBe(before);
        expect(terminal.outsideAllowList()).toEqual([]);
        expect(entries).toEqual([]);
      }),
      { numRuns: 100 },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 401, 403]));
  });
});
