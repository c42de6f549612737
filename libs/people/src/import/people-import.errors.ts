import { AppError } from '@app/kernel';

/** Why a file of people is not used, as a whole. */
export type PeopleFileErrorCode =
  | 'people/not-csv'
  | 'people/file-too-large'
  | 'people/file-empty'
  | 'people/bad-encoding'
  | 'people/bad-header'
  | 'people/unknown-column'
  | 'people/missing-column'
  | 'people/file-damaged';

/** A file of people cannot be believed as a whole; nothing of it is used. */
export class PeopleFileError extends AppError {
  readonly kind = 'invalid';

  constructor(
    readonly code: PeopleFileErrorCode,
    message: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ) {
    super(message, options);
  }
}

/** Another import has begun and has not ended. */
export class ImportRunningError extends AppError {
  readonly code = 'people/import-running';
  readonly kind = 'conflict';

  constructor() {
    super('Another import of people is under way; begin this one when that has ended');
  }
}

/** So many people are missing from the file that it could be the wrong one. */
export class TooManyDeactivationsError extends AppError {
  readonly code = 'people/too-many-deactivations';
  readonly kind = 'conflict';

  constructor({ missing, of, confirmed }: { missing: number; of: number; confirmed: number | undefined }) {
    const found = `${missing} of ${of} active people with an external reference are not in the file`;
    const bound =
      confirmed === undefined ? 'and that is more than a fifth and more than 10' : `and ${confirmed} were confirmed`;
    super(`${found}, ${bound}: nothing was changed; if they are to be deactivated, confirm exactly ${missing}`, {
      details: { missing, of },
    });
  }
}

/** Rows that tell nobody's reference could be anybody's, so that who is missing cannot be told. */
export class MissingUncertainError extends AppError {
  readonly code = 'people/missing-uncertain';
  readonly kind = 'conflict';

  constructor(lines: readonly number[], count: number) {
    const more = count > lines.length ? ` and ${count - lines.length} more` : '';
    super(
      `Who is missing from the file cannot be told: line ${lines.join(', ')}${more} could be anybody, since the type or ` +
        'the reference cannot be read; nothing was changed; mend them, or import without deactivating who is missing',
      { details: { lines } },
    );
  }
}
