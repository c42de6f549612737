/**
 * Gets promtool out of Debian's package `prometheus`, which is unpacked and not installed: no service starts, and nothing
 * outside of this folder changes. Node built-ins only.
 */
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { root } from './prepare.mjs';

const PROMTOOL = join(root, '.tools', 'promtool');

/** The path of promtool; undefined: it cannot be had here, and standard error says why. */
export function ensurePromtool() {
  if (existsSync(PROMTOOL)) return PROMTOOL;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-promtool-'));
  try {
    run('apt-get', ['download', 'prometheus'], folder);
    const archive = readdirSync(folder).find((name) => name.endsWith('.deb'));
    run('dpkg-deb', ['-x', archive, 'unpacked'], folder);
    mkdirSync(dirname(PROMTOOL), { recursive: true });
    const part = `${PROMTOOL}.${process.pid}`;
    copyFileSync(join(folder, 'unpacked/usr/bin/promtool'), part);
    renameSync(part, PROMTOOL); // whole or not at all
    return PROMTOOL;
  } catch (error) {
    process.stderr.write(
      `holdfast: promtool cannot be fetched, and its tests are skipped: ${error.message}; run \`apt-get update\` first, on a Debian\n`,
    );
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command, args, cwd) {
  const { status, error, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: 60_000 });
  if (error) throw new Error(`${command} cannot be run (${error.code})`);
  if (status !== 0) throw new Error(`${command} failed: ${stderr.trim().split('\n').at(-1)}`);
}
