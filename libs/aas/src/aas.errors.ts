import { AppError, type ErrorKind } from '@app/kernel';

export type AasFileErrorCode =
  | 'aas/not-configured'
  | 'aas/not-found'
  | 'aas/unreadable'
  | 'aas/file-locked'
  | 'aas/file-changing'
  | 'aas/too-large'
  | 'aas/damaged'
  | 'aas/password-protected'
  | 'aas/not-aas'
  | 'aas/bad-encoding'
  | 'aas/reader-crashed';

const LATER: readonly AasFileErrorCode[] = ['aas/file-locked', 'aas/file-changing', 'aas/reader-crashed'];

/** An AAS file cannot be believed, or not now; nothing of it is used. */
export class AasFileError extends AppError {
  readonly kind: ErrorKind;

  constructor(
    readonly code: AasFileErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options);
    this.kind = LATER.includes(code) ? 'unavailable' : 'invalid';
  }
}

/** Says why a file cannot even be looked at. */
export function unreadable(path: string, error: unknown): AasFileError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new AasFileError('aas/not-found', `There is no file ${path}; mend the path (AAS_PATH)`, { cause: error });
  }
  if (code === 'EBUSY' || code === 'EPERM') {
    return new AasFileError('aas/file-locked', `${path} is held by another program; it is read later`, {
      cause: error,
    });
  }
  return new AasFileError(
    'aas/unreadable',
    `${path} cannot be read (${code ?? 'unknown reason'}); mend its permissions`,
    {
      cause: error,
    },
  );
}
