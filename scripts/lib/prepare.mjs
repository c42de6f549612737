/**
 * Installs and builds what is missing, and nothing else: a second start costs a look at the files' times and sizes.
 * Node built-ins only, since this runs before anything is installed. Whatever it says goes to standard error.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const INSTALL_STAMP = join(root, 'node_modules', '.holdfast-installed');
const BUILD_STAMP = join(root, 'dist', '.holdfast-built');
const SOURCES = [
  'apps',
  'libs',
  'migrations',
  'tsconfig.json',
  'tsconfig.build.json',
  'nest-cli.json',
  'package-lock.json',
];
const LOCK_WAIT_MS = 250;

/**
 * Installs what the lock file says when node_modules is missing or the lock file has changed since. `npm install` and
 * not `npm ci`: the latter refuses a lock file that lacks optional packages for other platforms, which is what a
 * registry mirror without them leaves behind. The lock file itself is never rewritten.
 */
export function ensureInstalled() {
  requireNode(20, 19);
  const wanted = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (stampOf(INSTALL_STAMP) === wanted) return;
  withLock('install', () => {
    if (stampOf(INSTALL_STAMP) === wanted) return;
    say('installing packages (npm install) …');
    const flags = ['--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    run('npm', ['install', ...flags], 'npm install failed; is the npm registry reachable?');
    writeFileSync(INSTALL_STAMP, wanted);
  });
}

/** Runs `nest build` when a source has changed since the last whole build. */
export function ensureBuilt() {
  const wanted = digestOfSources();
  if (stampOf(BUILD_STAMP) === wanted) return;
  withLock('build', () => {
    if (stampOf(BUILD_STAMP) === wanted) return;
    say('building …');
    rmSync(BUILD_STAMP, { force: true }); // an interrupted build is no build
    run(
      process.execPath,
      [join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js'), 'build'],
      'the build failed',
    );
    writeFileSync(join(root, 'dist', 'build.json'), JSON.stringify(buildFacts()));
    writeFileSync(BUILD_STAMP, wanted);
  });
}

/** What the program tells of itself: the commit that it was built from, with `+` for what is not committed, and when. */
function buildFacts() {
  const git = (...args) => spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  const { status, stdout } = git('rev-parse', '--short', 'HEAD');
  const changed = status === 0 && git('status', '--porcelain', '--untracked-files=no').stdout !== '';
  return {
    builtAt: new Date().toISOString(),
    ...(status === 0 ? { commit: stdout.trim() + (changed ? '+' : '') } : {}),
  };
}

function requireNode(major, minor) {
  const [haveMajor, haveMinor] = process.versions.node.split('.').map(Number);
  if (haveMajor > major || (haveMajor === major && haveMinor >= minor)) return;
  fail(`Holdfast needs Node ${major}.${minor} or newer, and this is ${process.versions.node}; install a newer Node`);
}

/** Names, times and sizes: enough to notice an edit, and quick. */
function digestOfSources() {
  const digest = createHash('sha256');
  const visit = (path) => {
    const facts = statSync(join(root, path));
    if (!facts.isDirectory()) {
      if (!path.endsWith('.spec.ts')) digest.update(`${path} ${facts.size} ${facts.mtimeMs}\n`);
      return;
    }
    for (const name of readdirSync(join(root, path)).toSorted()) visit(join(path, name));
  };
  for (const source of SOURCES) visit(source);
  return digest.digest('hex');
}

function stampOf(file) {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
}

/** One process at a time; a lock whose holder is gone does not count. */
function withLock(what, work) {
  const lock = join(root, `.${what}.lock`);
  while (!tryLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOCK_WAIT_MS);
  try {
    work();
  } finally {
    rmSync(lock, { recursive: true, force: true });
  }
}

function tryLock(lock) {
  try {
    mkdirSync(lock);
    writeFileSync(join(lock, 'pid'), String(process.pid));
    return true;
  } catch (error) {
    if (error.code === 'EACCES' || error.code === 'EROFS')
      fail(`${root} cannot be written by this account (${error.code}); give it the right to`);
    if (error.code !== 'EEXIST') throw error;
    const holder = Number(stampOf(join(lock, 'pid')) ?? 0);
    if (holder > 0 && !isAlive(holder)) rmSync(lock, { recursive: true, force: true });
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function run(command, args, failure) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: ['ignore', process.stderr, process.stderr] });
  if (status !== 0) fail(failure);
}

function say(text) {
  process.stderr.write(`holdfast: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
