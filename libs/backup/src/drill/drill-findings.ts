import { type DeviceUserId } from '@app/kernel';

/** How many findings are told of a backup that is not good. */
const MOST_TOLD = 20;

/** What a drill found to be wrong; the first twenty, and how many there were besides. */
export class DrillFindings {
  private readonly told: string[] = [];
  private count = 0;

  get none(): boolean {
    return this.count === 0;
  }

  /** @param what in which fields, or why not; never what stands in them */
  add(about: DeviceUserId | 'the terminal', ...what: readonly string[]): void {
    this.count += what.length;
    const left = MOST_TOLD - this.told.length;
    this.told.push(...what.slice(0, left).map((each) => `${about}: ${each}`));
  }

  list(): readonly string[] {
    const more = this.count - this.told.length;
    return more === 0 ? [...this.told] : [...this.told, `and ${more} more`];
  }
}
