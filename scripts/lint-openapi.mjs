/** Part of `npm run lint`: holds docs/openapi.json to the rules of redocly.yaml. Offline; exit code 1 at any problem. */
import { join } from 'node:path';
import { formatProblems, getTotals, lint, loadConfig } from '@redocly/openapi-core';
import { root } from './lib/prepare.mjs';

const config = await loadConfig({ configPath: join(root, 'redocly.yaml') });
const problems = await lint({ ref: join(root, 'docs/openapi.json'), config });
if (problems.length > 0) formatProblems(problems, { format: 'codeframe', totals: getTotals(problems) });
process.exitCode = problems.length > 0 ? 1 : 0;
