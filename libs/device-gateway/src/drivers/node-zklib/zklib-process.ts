import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DeviceError } from '../../device.errors.js';
import { zklibChild, type ZklibJob, type ZklibResult } from './zklib-child.js';

/**
 * The child process that npm node-zklib lives and dies in. It has an empty folder of its own for the log files that
 * the library writes, and nobody reads its standard output.
 */
export class ZklibProcess {
  private nextId = 1;
  private readonly waiting = new Map<
    number,
    { resolve(result: ZklibResult): void; reject(error: DeviceError): void }
  >();
  private ended = false;

  private constructor(
    private readonly child: ChildProcess,
    private readonly folder: string,
  ) {
    child.on('message', (result: ZklibResult) => {
      this.waiting.get(result.id)?.resolve(result);
      this.waiting.delete(result.id);
    });
    child.once('error', (error) => this.end(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) => this.end(`its process ended with ${signal ?? `exit code ${code}`}`));
  }

  static async start(): Promise<ZklibProcess> {
    const library = dirname(createRequire(import.meta.url).resolve('node-zklib/package.json'));
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-zklib-'));
    const source = `(${zklibChild.toString()})(require, ${JSON.stringify(library)})`;
    const child = spawn(process.execPath, ['--input-type=commonjs', '-e', source], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: {},
    });
    return new ZklibProcess(child, folder);
  }

  /** @throws {DeviceError} `device/driver-crashed` when the process ends before it answers */
  async run(job: Omit<ZklibJob, 'id'>): Promise<ZklibResult> {
    if (this.ended) throw crashed('its process has ended');
    const id = this.nextId;
    this.nextId += 1;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      // A process that was just killed is told by its exit; without a callback, the failed write would be an event.
      this.child.send({ ...job, id }, (error) => error && this.end('its process has ended'));
    });
  }

  /** Ends the process at once and removes what it wrote; safe to repeat. */
  async kill(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null && this.child.pid !== undefined) {
      const exited = once(this.child, 'exit');
      this.child.kill('SIGKILL');
      await exited;
    }
    await rm(this.folder, { recursive: true, force: true });
  }

  private end(why: string): void {
    this.ended = true;
    for (const { reject } of this.waiting.values()) reject(crashed(why));
    this.waiting.clear();
  }
}

function crashed(why: string): DeviceError {
  return new DeviceError(
    'device/driver-crashed',
    `npm node-zklib did not survive this terminal (${why}); use the driver "zk"`,
  );
}
