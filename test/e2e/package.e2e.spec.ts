import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, expect, it, jest } from '@jest/globals';
import { newFolder, removeFolders, Running } from './running.js';

jest.setTimeout(600_000);
afterAll(removeFolders);

function npm(args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} failed: ${stderr}`);
  return stdout;
}

it('the package that npm pack makes is all that a server needs, and has neither sources nor tests', async () => {
  const folder = await newFolder();
  // What scripts/test.mjs has built is packed as it is: prepack would build beside the tests that use it.
  const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, files }] = JSON.parse(npm(pack, resolve('.'))) as [
    { filename: string; files: { path: string }[] },
  ];
  const paths = files.map(({ path }) => path);
  expect(paths).toEqual(
    expect.arrayContaining(['dist/apps/cli/src/main.js', 'docs/DEPLOYMENT.md', 'LICENSE', 'licences.md']),
  );
  expect(
    paths.filter((path) => /\.(ts|spec\.js)$|^(test|bench|apps|libs|data|\.)|^deploy\/secrets\//.test(path)),
  ).toEqual([]);

  npm(
    [
      'install',
      '--prefix',
      folder,
      '--omit=dev',
      '--no-audit',
      '--no-fund',
      '--loglevel=error',
      join(folder, filename),
    ],
    folder,
  );
  const installed = join(folder, 'node_modules/holdfast');
  const { version } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as { version: string };
  expect(existsSync(join(folder, 'node_modules/.bin/holdfast'))).toBe(true);
  expect(existsSync(join(folder, 'node_modules/jest'))).toBe(false);
  const shown = spawnSync(join(folder, 'node_modules/.bin/holdfast'), ['--version'], { encoding: 'utf8' });
  expect(shown.stdout).toMatch(new RegExp(`^${version.replaceAll('.', String.raw`\.`)}( \\(|\n)`));

  const main = join(installed, 'dist/apps/cli/src/main.js');
  const env = { DATA_DIR: join(folder, 'data'), PORT: '0' };
  const server = new Running(main, ['serve'], env);
  const banner = await server.banner();
  expect(banner).toContain('250 users read with proof');
  expect(banner).toContain('holdfast device add');
  const listed = await new Running(main, ['device', 'list', '--jsonl'], env).ended;
  expect(
    listed.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { slug: string }).slug),
  ).toEqual(['demo-terminal', 'demo-ai06']);
  server.signal('SIGTERM');
  expect((await server.ended).code).toBe(0);
});
