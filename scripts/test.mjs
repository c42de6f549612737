/**
 * `npm test`: installs and builds what is missing, starts a PostgreSQL for the tests, and runs them. Arguments go to
 * Jest (`npm test -- libs/buffer`). TEST_DATABASE_URL names a PostgreSQL of yours, with a superuser; the tests make and
 * drop databases of their own in it.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ensureInstalled, root } from './lib/prepare.mjs';
import { ensurePromtool } from './lib/promtool.mjs';
import { runNode } from './lib/run-node.mjs';

/** Nothing in these databases outlives the run, so nothing waits for a disk. */
const TEST_SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '256MB',
  max_wal_size: '2GB',
};

ensureInstalled();
ensureBuilt();
if (process.env.CI) ensurePromtool(); // elsewhere it is fetched by whoever wants it: scripts/promtool.mjs
process.chdir(root);
const database = process.env.TEST_DATABASE_URL ? undefined : await startDatabase();
const results = join(mkdtempSync(join(tmpdir(), 'holdfast-test-')), 'results.json');
const code = await runNode(
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    join(root, 'node_modules/jest/bin/jest.js'),
    '--json',
    `--outputFile=${results}`,
    ...process.argv.slice(2),
  ],
  {
    env: { ...process.env, TEST_DATABASE_URL: process.env.TEST_DATABASE_URL ?? database?.url },
    // Jest prints its JSON to standard output as well, and everything for people to standard error.
    stdio: ['inherit', 'ignore', 'inherit'],
  },
);
await database?.stop();
printSummary();
process.exit(code);

async function startDatabase() {
  const { startEmbeddedPostgres } = await import(
    pathToFileURL(join(root, 'dist/libs/database/src/embedded/index.js')).href
  );
  return startEmbeddedPostgres({ dataDir: join(root, '.test-data'), database: 'postgres', settings: TEST_SETTINGS });
}

function printSummary() {
  try {
    const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(results, 'utf8'),
    );
    rmSync(join(results, '..'), { recursive: true, force: true });
    const skipped = numPendingTests > 0 ? `, ${numPendingTests} skipped` : '';
    process.stdout.write(`${numPassedTests} passed, ${numFailedTests + numRuntimeErrorTestSuites} failed${skipped}\n`);
  } catch {
    process.stdout.write('0 passed, 1 failed\n');
  }
}
