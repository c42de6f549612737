import { AifaceListener } from '@app/device-gateway';
import { BackgroundWork } from '@app/kernel';
import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { TerminalPresence } from './terminal-presence.js';

/** Tells the other servers, minute by minute, which terminals are here. */
@Injectable()
export class DialInSchedule implements BeforeApplicationShutdown {
  private readonly background = new BackgroundWork();

  constructor(
    private readonly listener: AifaceListener,
    private readonly presence: TerminalPresence,
  ) {}

  @Cron('30 * * * * *', { name: 'terminal-presence', timeZone: 'UTC', waitForCompletion: true })
  async noteStillHere(): Promise<void> {
    const serialNumbers = this.listener.connected();
    if (serialNumbers.length === 0) return;
    await this.background.round(() => this.presence.noteStillHere(serialNumbers));
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.background.stop();
  }
}
