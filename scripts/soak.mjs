/** `npm run soak`: the chaos suite, the random requests to the API and the faults of writes at full size; takes a quarter of an hour or more. Arguments go to Jest. */
import { join } from 'node:path';
import { root } from './lib/prepare.mjs';
import { runNode } from './lib/run-node.mjs';

const code = await runNode(
  [
    join(root, 'scripts/test.mjs'),
    'test/chaos',
    'test/contract/fuzz',
    'test/conformance/device-writer',
    ...process.argv.slice(2),
  ],
  {
    env: { ...process.env, CHAOS: 'full' },
    stdio: 'inherit',
  },
);
process.exit(code);
