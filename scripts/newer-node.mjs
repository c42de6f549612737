/**
 * `npm run test:newer-node`: runs the built program, and a part of the tests that goes through all of it, on a newer LTS of
 * Node than the oldest one that Holdfast takes. The runtime comes from the npm registry into `.tools/`. Arguments go to Jest.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { root } from './lib/prepare.mjs';

const VERSION = '22.23.3';
const STANDARD = ['apps/cli', 'libs/kernel', 'test/e2e/graceful-stop', 'test/integration/database/upgrade'];

const node = ensureNode();
const { stdout } = spawnSync(node, ['--print', '`${process.version} ${process.release.lts ?? ""}`'], {
  encoding: 'utf8',
});
process.stderr.write(`holdfast: on Node ${stdout.trim()}\n`);
const patterns = process.argv.length > 2 ? process.argv.slice(2) : STANDARD;
const { status } = spawnSync(node, [join(root, 'scripts/test.mjs'), ...patterns], { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;

/** The path of the runtime, fetched when it is not there yet. */
function ensureNode() {
  const folder = join(root, '.tools', `node-${VERSION}`);
  const path = join(folder, 'package/bin/node');
  if (existsSync(path)) return path;
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`;
  mkdirSync(dirname(folder), { recursive: true });
  const part = mkdtempSync(`${folder}.`);
  run('npm', ['pack', '--silent', `${name}@${VERSION}`], part);
  run('tar', ['-xzf', readdirSync(part).find((file) => file.endsWith('.tgz'))], part);
  chmodSync(join(part, 'package/bin/node'), 0o755);
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder); // whole or not at all
  return path;
}

function run(command, args, cwd) {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(`holdfast: ${command} ${args.join(' ')} failed: ${error?.message ?? stderr.trim()}\n`);
  process.exit(1);
}
