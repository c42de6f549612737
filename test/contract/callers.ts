import { ApiKeysService } from '@app/accounts';
import { type Role, systemActor } from '@app/kernel';
import { TEST_TOKEN } from '@test/support';
import { type ContractApp } from './contract-app.js';

/** Somebody who sends a request, and what that makes of them. */
export interface TestCaller {
  readonly name: string;
  /** None: nobody that the program knows. */
  readonly role?: Role;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everybody who could come: the ones that must be let in by role, and the ones that must not be let in at all. */
export async function everyCaller(contract: ContractApp): Promise<TestCaller[]> {
  const keys = contract.get(ApiKeysService);
  const keyOf = async (role: Role): Promise<string> => (await keys.create({ name: role, role }, systemActor)).secret;
  const revoked = await keys.create({ name: 'revoked', role: 'administrator' }, systemActor);
  await keys.revoke(revoked.key.id, systemActor);
  const expired = await keys.create({ name: 'expired', role: 'administrator' }, systemActor);
  const past = `update api_keys set expires_at = clock_timestamp() - interval '1 s' where id = $1`;
  await contract.database.dataSource.query(past, [expired.key.id]);
  const viewer = await keyOf('viewer');
  return [
    { name: 'an administrator', role: 'administrator', headers: bearer(TEST_TOKEN) },
    { name: 'an operator', role: 'operator', headers: bearer(await keyOf('operator')) },
    { name: 'a viewer', role: 'viewer', headers: bearer(viewer) },
    { name: 'a key with one bit changed', headers: bearer(oneBitChanged(viewer)) },
    { name: 'a revoked key', headers: bearer(revoked.secret) },
    { name: 'an expired key', headers: bearer(expired.secret) },
    { name: 'nobody', headers: {} },
    { name: 'an empty token', headers: { authorization: 'Bearer ' } },
    { name: 'garbage', headers: { authorization: 'Bearer ÿþ\u0001'.replace('\u0001', '~') } },
    {
      name: 'another scheme',
      headers: { authorization: `Basic ${Buffer.from(`x:${TEST_TOKEN}`).toString('base64')}` },
    },
    { name: 'a token with one bit changed', headers: bearer(oneBitChanged(TEST_TOKEN)) },
    { name: 'half a token', headers: bearer(TEST_TOKEN.slice(0, 12)) },
    { name: 'two tokens', headers: bearer(`${TEST_TOKEN} ${TEST_TOKEN}`) },
    { name: 'a token in the query only', headers: {} },
  ];
}

export function bearer(token: string): { readonly authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Still visible ASCII, so that it is the token that is wrong and not its form. */
export function oneBitChanged(token: string): string {
  return `${token.slice(0, -1)}${String.fromCharCode(token.charCodeAt(token.length - 1) ^ 1)}`;
}
