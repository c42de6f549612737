/** `npm start`: installs and builds what is missing, then runs the server until it is stopped. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';
import { runNode } from './lib/run-node.mjs';

ensureInstalled();
ensureBuilt();
process.exit(
  await runNode(['--enable-source-maps', join(root, 'dist/apps/server/src/main.js'), ...process.argv.slice(2)]),
);
