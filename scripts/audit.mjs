/**
 * `npm run audit:high`: asks the registry for known weaknesses of what is shipped. Exit code 1 at a high or critical one. A
 * registry that does not answer such questions, as mirrors do not, is told, and is no failure: nothing was found, and nothing
 * proven.
 */
import { spawnSync } from 'node:child_process';
import { root } from './lib/prepare.mjs';

const { stdout } = spawnSync('npm', ['audit', '--omit=dev', '--json'], { cwd: root, encoding: 'utf8' });
const report = parse(stdout);
const counts = report?.metadata?.vulnerabilities;
if (!counts) {
  const why = report?.error?.summary || report?.message || 'it did not answer';
  process.stderr.write(`holdfast: the registry cannot be asked for weaknesses (${why}); NOT checked\n`);
} else {
  const { low, moderate, high, critical } = counts;
  process.stdout.write(`weaknesses: ${low} low, ${moderate} moderate, ${high} high, ${critical} critical\n`);
  process.exitCode = high + critical > 0 ? 1 : 0;
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
