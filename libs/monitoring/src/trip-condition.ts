import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { WriteCondition, WriteConditions, type WriteRequest } from '@app/device-writer';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Incident } from './monitoring.entities.js';
import { TerminalTrippedError } from './monitoring.errors.js';

/** While a terminal has lost many of its users, nothing is written to it unless the caller knows that (safety design 2). */
@Injectable()
export class TripCondition extends WriteCondition implements OnModuleInit {
  constructor(private readonly conditions: WriteConditions) {
    super();
  }

  onModuleInit(): void {
    this.conditions.register(this);
  }

  async require(tx: Tx, device: Device, { confirmTripped }: WriteRequest): Promise<void> {
    if (confirmTripped) return;
    const open = await tx.findOneBy(Incident, { deviceId: device.id, state: 'open' });
    if (open && open.level !== 'notice') throw new TerminalTrippedError(device, open);
  }
}
