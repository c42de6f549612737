/**
 * `node scripts/promtool.mjs`: fetches promtool, with which a test reads docs/monitoring as Prometheus would, and says where
 * it is.
 */
import { ensurePromtool } from './lib/promtool.mjs';

const path = ensurePromtool();
if (path) process.stdout.write(`${path}\n`);
process.exit(path ? 0 : 1);
