import { type Role } from '@app/kernel';
import { TEST_TOKEN } from '@test/support';

/** Somebody who sends a request, and what that makes of them. */
export interface TestCaller {
  readonly name: string;
  /** None: nobody that the program knows. */
  readonly role?: Role;
  readonly headers: Readonly<Record<string, string>>;
}

/** Everybody who could come: the ones that must be let in by role, and the ones that must not be let in at all. */
export async function everyCaller(): Promise<TestCaller[]> {
  return [
    { name: 'an administrator', role: 'administrator', headers: bearer(TEST_TOKEN) },
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
