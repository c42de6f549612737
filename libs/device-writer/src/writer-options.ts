/** How patient a write is. */
export interface WriterOptions {
  /**
   * How long a write may take in all, the read right before it included; no command leaves afterwards. The lease must
   * last at least as long.
   */
  readonly sendMs: number;
  /** How long one command may take until its answer is there. */
  readonly answerMs: number;
  /** How long to wait before reading, when it is not known whether a command arrived: it may still be on its way. */
  readonly doubtMs: number;
}

export const WRITER_OPTIONS = Symbol('WRITER_OPTIONS');

export const STANDARD_WRITER_OPTIONS: WriterOptions = { sendMs: 60_000, answerMs: 10_000, doubtMs: 3_000 };
