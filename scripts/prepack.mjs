/** Before `npm pack`: builds anew, so that the package holds just what these sources make. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';

ensureInstalled();
rmSync(join(root, 'dist', '.holdfast-built'), { force: true });
ensureBuilt();
