import { type ImportProgress } from '@app/people';
import progress, { type SingleBar } from 'cli-progress';

/** A bar on standard error while a file is imported; on anything but a screen it draws nothing. */
export class ImportProgressBar {
  private bar?: SingleBar;

  constructor(private readonly totalBytes: number) {}

  readonly show = ({ stage, receivedBytes, rows }: ImportProgress): void => {
    if (!process.stderr.isTTY) return;
    this.bar ??= this.begin();
    this.bar.update(receivedBytes, { stage: stage === 'merging' ? 'merging' : 'reading', rows });
  };

  /** Must be called at the end, also after an error: it gives the screen back. */
  readonly end = (): void => this.bar?.stop();

  private begin(): SingleBar {
    const bar = new progress.SingleBar(
      {
        format: '{bar} {percentage}% {stage}, {rows} rows',
        formatBar: progress.Format.BarFormat,
        hideCursor: true,
        clearOnComplete: true,
        stream: process.stderr,
      },
      progress.Presets.legacy,
    );
    bar.start(Math.max(this.totalBytes, 1), 0, { stage: 'reading', rows: 0 });
    return bar;
  }
}
