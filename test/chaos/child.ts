import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';

/** What a worker tells. */
interface News {
  readonly at?: string;
  readonly done?: unknown;
  readonly failed?: string;
}

/** A worker process of the chaos suite: real, so that it can be killed and stopped. */
export class ChaosProcess implements AsyncDisposable {
  private static readonly alive = new Set<ChaosProcess>();
  private readonly heard: News[] = [];
  private readonly listeners = new Set<() => void>();

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (news: News) => {
      this.heard.push(news);
      for (const listener of this.listeners) listener();
    });
    child.once('exit', () => {
      for (const listener of this.listeners) listener();
    });
  }

  static start(program: string, task: object): ChaosProcess {
    const child = fork(resolve('test/chaos', program), [JSON.stringify(task)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const started = new ChaosProcess(child);
    ChaosProcess.alive.add(started);
    return started;
  }

  /** Ends what a test that failed has left. */
  static async endAll(): Promise<void> {
    await Promise.all([...ChaosProcess.alive].map((process) => process.end()));
  }

  /** Resolves when it has come to a point. Rejects when it ended or failed before. */
  async reaches(point: string, times = 1): Promise<void> {
    await this.hears((news) => news.filter(({ at }) => at === point).length >= times);
  }

  /** What its work came to. */
  async finished<T>(): Promise<T> {
    await this.hears((news) => news.some(({ done }) => done !== undefined));
    return this.heard.find(({ done }) => done !== undefined)?.done as T;
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Lets it go on from where it waits. */
  goOn(): void {
    this.child.send('go on');
  }

  /** As if the power had failed. */
  async kill(): Promise<void> {
    await this.end();
  }

  /** As a virtual machine that is frozen. */
  pause(): void {
    this.child.kill('SIGSTOP');
  }

  resume(): void {
    this.child.kill('SIGCONT');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end();
  }

  private async end(): Promise<void> {
    ChaosProcess.alive.delete(this);
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async hears(enough: (news: readonly News[]) => boolean): Promise<void> {
    for (;;) {
      const failed = this.heard.find((news) => news.failed !== undefined);
      if (failed) throw new Error(`a chaos worker failed: ${failed.failed}`);
      if (enough(this.heard)) return;
      if (this.child.exitCode !== null || this.child.signalCode !== null) throw new Error('a chaos worker has ended');
      await new Promise<void>((done) => {
        const listener = (): void => {
          this.listeners.delete(listener);
          done();
        };
        this.listeners.add(listener);
      });
    }
  }
}
