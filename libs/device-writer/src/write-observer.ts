import { Injectable } from '@nestjs/common';

/** The steps of a write, in order. */
export const WRITE_STEPS = ['leased', 'read', 'intended', 'ready', 'sent', 'read-back', 'settled'] as const;
export type WriteStep = (typeof WRITE_STEPS)[number];

/** Is told when a write has come to a step, and waited for; tests stop the world there. */
@Injectable()
export class WriteObserver {
  async reached(_step: WriteStep): Promise<void> {}
}
