/** `npm run --silent cli -- …`: installs and builds what is missing, then runs one command. */
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';
import { runNode } from './lib/run-node.mjs';

ensureInstalled();
ensureBuilt();
process.exit(await runNode([join(root, 'dist/apps/cli/src/main.js'), ...process.argv.slice(2)]));
