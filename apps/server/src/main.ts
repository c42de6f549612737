import 'reflect-metadata';
import { AppConfig } from '@app/config';
import { AppError } from '@app/kernel';
import { createLogger } from '@app/logging';
import { HoldfastServer } from './holdfast-server.js';

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
  await server.stop();
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
