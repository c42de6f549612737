import { type RunProgress } from '@app/sync-services';
import progress, { type SingleBar } from 'cli-progress';

/** How far long work is: its stage, and how much of it is done, where that is known. */
export interface WorkProgress {
  readonly stage: string;
  readonly done?: number;
  readonly of?: number;
}

/** A bar on standard error while something long is done; on anything but a screen it draws nothing. */
export class WorkProgressBar {
  private bar?: SingleBar;

  constructor(private readonly label: string) {}

  readonly show = ({ stage, done = 0, of = 0 }: WorkProgress): void => {
    if (!process.stderr.isTTY) return;
    this.bar ??= this.begin();
    this.bar.setTotal(Math.max(of, 1));
    this.bar.update(done, { stage: stage.replaceAll('_', ' ') });
  };

  /** Must be called at the end, also after an error: it gives the screen back. */
  readonly end = (): void => this.bar?.stop();

  private begin(): SingleBar {
    const bar = new progress.SingleBar(
      {
        format: `${this.label} {bar} {percentage}% {stage}`,
        formatBar: progress.Format.BarFormat,
        hideCursor: true,
        clearOnComplete: true,
        stream: process.stderr,
      },
      progress.Presets.legacy,
    );
    bar.start(1, 0, { stage: 'waiting' });
    return bar;
  }
}

/** The bar of a run or a read. */
export class ReadProgressBar {
  private readonly bar: WorkProgressBar;

  constructor(label: string) {
    this.bar = new WorkProgressBar(label);
  }

  /** Takes every piece of news of a run or a read. */
  readonly show = (progress: RunProgress): void => this.bar.show({ stage: progress.stage, ...partOf(progress) });

  /** Must be called at the end, also after an error: it gives the screen back. */
  readonly end = (): void => this.bar.end();
}

/** How much of its stage is done, in bytes or users; 0 of 0 where the terminal does not say how much there is. */
function partOf(progress: RunProgress): { readonly done: number; readonly of: number } {
  if (!('receivedBytes' in progress)) return { done: 0, of: 0 };
  return progress.details ?? { done: progress.receivedBytes, of: progress.totalBytes ?? 0 };
}
