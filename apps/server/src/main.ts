import 'reflect-metadata';
import { AppConfig } from '@app/config';
import { AppError } from '@app/kernel';
import { createLogger } from '@app/logging';
import { HoldfastServer } from './holdfast-server.js';

/** A stop in order takes no longer than this. */
const STOP_WITHIN_MS = 10_000;

/** Boots the server, and stops it in order at SIGINT or SIGTERM. A repeated signal changes nothing. */
async function main(): Promise<void> {
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stopping.abort());
  const config = AppConfig.fromProcess();
  const server = await HoldfastServer.start(config, createLogger(config.logLevel), stopping.signal);
  if (!stopping.signal.aborted) {
    process.stdout.write(server.banner);
    await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }));
  }
  await stopWithin(STOP_WITHIN_MS, server);
}

/**
 * What is not stopped in time is left as a crash would leave it, which loses nothing: leases end by themselves, open writes
 * are settled by reading. A service manager that waits for less kills us anyway.
 */
async function stopWithin(limitMs: number, server: HoldfastServer): Promise<void> {
  const timer = setTimeout(() => {
    process.stderr.write(`holdfast: something did not stop within ${limitMs / 1_000} s; ended without it\n`);
    process.exit(1);
  }, limitMs);
  await server.stop();
  clearTimeout(timer);
}

try {
  await main();
  process.exit(0);
} catch (error) {
  // What we foresee is one sentence with its remedy; anything else is a defect and needs its stack.
  const text = error instanceof AppError ? error.message : ((error as Error).stack ?? String(error));
  process.stderr.write(`holdfast: ${text}\n`);
  process.exit(1);
}
