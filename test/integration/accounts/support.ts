import { AccountsService, type Account } from '@app/accounts';
import { AuditEntry, type AuditOperation } from '@app/audit';
import { administrator, type Role } from '@app/kernel';
import { TEST_TOKEN, type TestApp } from '@test/support';
import request from 'supertest';
import { DataSource } from 'typeorm';

export const PASSWORD = 'a calm river at dawn';
export const OTHER_PASSWORD = 'nine small green boats';
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;

let counter = 0;

/** An account with a name of its own. */
export async function anAccount(app: TestApp, role: Role = 'viewer', name?: string): Promise<Account> {
  counter += 1;
  const wanted = { name: name ?? `person ${counter}`, role, password: PASSWORD };
  return app.get(AccountsService).create(wanted, administrator('test'));
}

type Method = 'get' | 'post' | 'patch' | 'delete';

/** A request with a bearer token, by default that of the administrator; with an empty one, without. */
export function call(app: TestApp, method: Method, path: string, token: string = TEST_TOKEN): request.Test {
  const test = request(app.app.getHttpServer() as never)[method](path);
  return token === '' ? test : test.set('authorization', `Bearer ${token}`);
}

/** Signs in and gives the token. */
export async function signIn(app: TestApp, name: string, password: string = PASSWORD): Promise<string> {
  const { body } = await call(app, 'post', '/api/session', '').send({ name, password }).expect(201);
  return (body as { token: string }).token;
}

/** The entries of some operations, oldest first. */
export async function audited(app: TestApp, ...operations: AuditOperation[]): Promise<AuditEntry[]> {
  const entries = await app
    .get(DataSource)
    .getRepository(AuditEntry)
    .find({ order: { id: 'ASC' } });
  return entries.filter(({ operation }) => operations.includes(operation));
}

/** Status and code of an answer. */
export function told({ status, body }: request.Response): readonly [number, string | undefined] {
  return [status, (body as { code?: string }).code];
}
