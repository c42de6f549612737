import { Clock } from '@app/kernel';

/** A clock that a test moves. Sleeping moves it too, so that nothing waits. */
export class ManualClock extends Clock {
  readonly sleeps: number[] = [];
  /** What happens while somebody sleeps. */
  onSleep?: () => Promise<void>;

  constructor(private instant = new Date('2026-01-31T09:45:00Z')) {
    super();
  }

  set(instant: Date): void {
    this.instant = instant;
  }

  advance(durationMs: number): void {
    this.instant = new Date(this.instant.getTime() + durationMs);
  }

  now(): Date {
    return new Date(this.instant);
  }

  monotonicMs(): number {
    return this.instant.getTime();
  }

  async sleep(durationMs: number): Promise<void> {
    this.sleeps.push(durationMs);
    this.instant = new Date(this.instant.getTime() + durationMs);
    await this.onSleep?.();
  }
}
