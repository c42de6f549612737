/** How patient a write is. */
export interface WriterOptions {
  /** How long one command may take until its answer is there. */
  readonly sendMs: number;
  /** How long to wait before reading, when it is not known whether a command arrived: it may still be on its way. */
  readonly doubtMs: number;
}

export const WRITER_OPTIONS = Symbol('WRITER_OPTIONS');

export const STANDARD_WRITER_OPTIONS: WriterOptions = { sendMs: 10_000, doubtMs: 3_000 };
