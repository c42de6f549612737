import { type Tx } from '@app/database';
import { type Device } from '@app/devices';
import { Injectable } from '@nestjs/common';
import { type WriteRequest } from './write-request.js';

/** What must be so before anything is written to a terminal; the feature that knows of it declares it. */
export abstract class WriteCondition {
  /** Runs in the transaction that stores the intent: what it throws ends the story before anything is sent. */
  abstract require(tx: Tx, device: Device, request: WriteRequest): Promise<void>;
}

/** The conditions that this process knows. */
@Injectable()
export class WriteConditions {
  private readonly all: WriteCondition[] = [];

  /** Called once by each feature, in its `onModuleInit`. */
  register(condition: WriteCondition): void {
    this.all.push(condition);
  }

  async requireAll(tx: Tx, device: Device, request: WriteRequest): Promise<void> {
    for (const condition of this.all) await condition.require(tx, device, request);
  }
}
