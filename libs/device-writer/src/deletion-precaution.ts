import { type Device } from '@app/devices';
import { type Actor, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';

/** Whom somebody is about to delete. */
export interface IntendedDeletion {
  readonly deviceUserId: DeviceUserId;
  readonly actor: Actor;
  readonly signal?: AbortSignal;
}

/** What must have been done before a user is deleted; the feature that can do it declares it. */
export abstract class DeletionPrecaution {
  /** Runs before the deletion has the terminal's lease. What it throws ends the story before anything is sent. */
  abstract take(device: Device, deletion: IntendedDeletion): Promise<void>;
}

/** The precautions that this process knows. */
@Injectable()
export class DeletionPrecautions {
  private readonly all: DeletionPrecaution[] = [];

  /** Called once by each feature, in its `onModuleInit`. */
  register(precaution: DeletionPrecaution): void {
    this.all.push(precaution);
  }

  async takeAll(device: Device, deletion: IntendedDeletion): Promise<void> {
    for (const precaution of this.all) await precaution.take(device, deletion);
  }
}
