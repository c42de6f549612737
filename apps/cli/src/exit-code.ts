import { AppError } from '@app/kernel';

/** What a script learns from a command; documented in its help. */
export const ExitCode = {
  DONE: 0,
  FAILED: 1,
  USAGE: 2,
  SOME_FAILED: 3,
  DEVICE: 4,
  LEASE_BUSY: 5,
  NOT_ALLOWED: 6,
  DATABASE: 7,
  INTERRUPTED: 130,
} as const;
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

/** The exit code of a foreseen error, by the family its code belongs to; a wrong argument is wrong usage. */
export function exitCodeOf(error: unknown): ExitCode {
  if (!(error instanceof AppError)) return ExitCode.FAILED;
  // The file is wrong, not the command.
  if (error.code.startsWith('aas/') || error.code.startsWith('people/')) return ExitCode.FAILED;
  if (error.kind === 'invalid') return ExitCode.USAGE;
  if (error.kind === 'forbidden') return ExitCode.NOT_ALLOWED;
  if (error.code === 'coordination/lease-busy') return ExitCode.LEASE_BUSY;
  if (error.code.startsWith('device/')) return ExitCode.DEVICE;
  return error.code.startsWith('database/') ? ExitCode.DATABASE : ExitCode.FAILED;
}
