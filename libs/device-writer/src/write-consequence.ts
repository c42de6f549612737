import { type Tx } from '@app/database';
import { Injectable } from '@nestjs/common';
import { UnknownPurposeError } from './device-writer.errors.js';
import { type DeviceWrite } from './device-write.entity.js';
import { type WriteImages } from './write-request.js';

/** What must happen in the database together with a write of one purpose; the feature that asks for it declares it. */
export abstract class WriteConsequence {
  abstract readonly purpose: string;

  /** Runs in the transaction that stores the intent. */
  async prepare(_tx: Tx, _write: DeviceWrite, _images: WriteImages): Promise<void> {}

  /**
   * Runs in the transaction that settles the write as done: once, also when another process settles it after a crash.
   * So it works from what the write carries. What it throws leaves the write open, to be settled again.
   */
  abstract apply(tx: Tx, write: DeviceWrite): Promise<void>;
}

/** The consequences that this process knows. */
@Injectable()
export class WriteConsequences {
  private readonly byPurpose = new Map<string, WriteConsequence>();

  /** Called once by each feature, in its `onModuleInit`. */
  register(consequence: WriteConsequence): void {
    this.byPurpose.set(consequence.purpose, consequence);
  }

  /** Undefined: this process cannot settle writes of that purpose. */
  find(purpose: string): WriteConsequence | undefined {
    return this.byPurpose.get(purpose);
  }

  /** @throws {UnknownPurposeError} nobody registered it */
  get(purpose: string): WriteConsequence {
    const found = this.find(purpose);
    if (!found) throw new UnknownPurposeError(purpose);
    return found;
  }
}
