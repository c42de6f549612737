import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The built program, as `npm start` and `npm run cli` run it; scripts/test.mjs has built it. */
export const SERVER = resolve('dist/apps/server/src/main.js');
export const CLI = resolve('dist/apps/cli/src/main.js');

/** How a program ended, and all that it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs: what it has said so far, and how it ended. */
export class Running {
  stdout = '';
  stderr = '';
  readonly ended: Promise<Ended>;
  private readonly child: ChildProcess;

  constructor(program: string, args: readonly string[], env: Record<string, string>) {
    const { PATH = '', HOME = '' } = process.env;
    this.child = spawn(process.execPath, [program, ...args], {
      env: { PATH, HOME, AIFACE_PORT: '0', REQUESTS_PER_MINUTE: '0', DEVICE_NETWORKS: '127.0.0.0/8', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.child.stdout?.on('data', (text: Buffer) => (this.stdout += text.toString()));
    this.child.stderr?.on('data', (text: Buffer) => (this.stderr += text.toString()));
    this.ended = once(this.child, 'close').then(([code]) => ({
      code: code as number | null,
      stdout: this.stdout,
      stderr: this.stderr,
    }));
  }

  /** Waits until it has printed the banner; fails when it ends before. */
  async banner(): Promise<string> {
    while (!this.stdout.includes('Ctrl-C')) {
      const ended = await Promise.race([this.ended, once(this.child.stdout!, 'data').then(() => undefined)]);
      if (ended) throw new Error(`ended with ${ended.code} before its banner: ${ended.stderr}`);
    }
    return this.stdout.slice(this.stdout.indexOf('Holdfast is running'));
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** The lines of its log. */
  log(): Record<string, unknown>[] {
    const lines = this.stdout.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }
}

const folders: string[] = [];
/** A folder that any account may enter. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-e2e-'));
  await chmod(folder, 0o755);
  folders.push(folder);
  return folder;
}
export async function removeFolders(): Promise<void> {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
}
