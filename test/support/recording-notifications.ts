import { type Tx } from '@app/database';
import { type Notice, Notifications } from '@app/notification';

/** Takes what is announced, and sends nothing. */
export class RecordingNotifications extends Notifications {
  readonly announced: Notice[] = [];
  readonly settled: string[] = [];
  async announce(_tx: Tx, notice: Notice): Promise<void> {
    this.announced.push(notice);
  }
  async settle(_tx: Tx, subject: string): Promise<void> {
    this.settled.push(subject);
  }
  topics(): string[] {
    return this.announced.map(({ topic }) => topic);
  }
  clear(): void {
    this.announced.length = 0;
    this.settled.length = 0;
  }
}
