import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';
import { RoutePermissions } from '@app/auth';
import { AppConfig } from '@app/config';
import { createLogger } from '@app/logging';
import { Test } from '@nestjs/testing';
import { createTestDatabase } from '@test/support';
import { ServerModule } from '../../../apps/server/src/server.module.js';

it('docs/permissions.md has every route of the server, in order, with what it asks for', async () => {
  await using database = await createTestDatabase();
  const options = { config: AppConfig.fromEnv({}), logger: createLogger('silent'), databaseUrl: database.url };
  const module = await Test.createTestingModule({ imports: [ServerModule.forRoot(options)] }).compile();
  try {
    const real = module.get(RoutePermissions, { strict: false }).list();
    const documented = readFileSync('docs/permissions.md', 'utf8')
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, , path]) => path?.startsWith('/'))
      .map(([, method, path, permission]) => ({ method, path, permission }));
    expect(documented).toEqual(real.map(({ method, path, permission }) => ({ method, path, permission })));
  } finally {
    await module.close();
  }
});
