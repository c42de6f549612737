import { spawn } from 'node:child_process';

/**
 * Runs node with these arguments and gives its exit code. Signals reach it once: Ctrl-C in a terminal goes to the
 * whole group anyway, so only what was sent to us alone is passed on.
 */
export function runNode(args, options = {}) {
  const child = spawn(process.execPath, args, { stdio: 'inherit', ...options });
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.once('exit', (code, signal) =>
      resolve(signal ? 128 + (signal === 'SIGINT' ? 2 : signal === 'SIGKILL' ? 9 : 15) : code),
    );
  });
}
