import { type Device, DevicesService } from '@app/devices';
import { Clock } from '@app/kernel';
import { type Lease } from '@app/sync-coordinator';
import { Inject, Injectable } from '@nestjs/common';
import { DeviceWriters } from './device-writers.js';
import { WRITER_OPTIONS, type WriterOptions } from './writer-options.js';
import { WriterSession } from './writer-session.js';

/** Begins sessions with registered terminals under a lease. */
@Injectable()
export class WriterSessions {
  constructor(
    private readonly writers: DeviceWriters,
    private readonly devices: DevicesService,
    private readonly clock: Clock,
    @Inject(WRITER_OPTIONS) private readonly options: WriterOptions,
  ) {}

  /** Nothing is connected until it is needed. */
  begin(device: Device, lease: Lease): WriterSession {
    const { answerMs: writeTimeoutMs } = this.options;
    const open = async (ending: AbortSignal): ReturnType<DeviceWriters['open']> =>
      this.writers.open(await this.devices.targetOf(device), { signal: ending, writeTimeoutMs });
    return new WriterSession(open, this.clock, lease.signal);
  }
}
