export type AifaceFormatErrorCode = 'not-json' | 'not-an-object' | 'no-command' | 'missing-field' | 'bad-field';

/** A message that no AiFace terminal sends, or that lacks what it must have. The value is named, never a credential. */
export class AifaceFormatError extends Error {
  constructor(
    readonly code: AifaceFormatErrorCode,
    message: string,
  ) {
    super(message);
    this.name = 'AifaceFormatError';
  }
}
