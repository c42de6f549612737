import { AppError } from '@app/kernel';
import { LONGEST_NAME } from './account-name.js';

/** Name or password is wrong, or the account is not active: which of them is nobody's business. */
export class LoginFailedError extends AppError {
  readonly code = 'accounts/login-failed';
  readonly kind = 'unauthenticated';

  constructor() {
    super('Name or password is wrong, or the account is not active');
  }
}

/** The password that should prove who asks is not theirs. */
export class WrongPasswordError extends AppError {
  readonly code = 'accounts/wrong-password';
  readonly kind = 'invalid';

  constructor() {
    super('The current password is wrong; an administrator can set another one');
  }
}

/** No account has this id or name. */
export class AccountNotFoundError extends AppError {
  readonly code = 'accounts/not-found';
  readonly kind = 'not-found';

  constructor(wanted: string) {
    super(`No account is called "${wanted}"; \`holdfast account list\` shows them all`, { details: { wanted } });
  }
}

/** Names differ by more than upper and lower case. */
export class AccountNameTakenError extends AppError {
  readonly code = 'accounts/name-taken';
  readonly kind = 'conflict';

  constructor(name: string) {
    super(`There is an account called "${name}" already, perhaps one that is not active; choose another name`);
  }
}

/** A name must be one that can stand in a log. */
export class BadAccountNameError extends AppError {
  readonly code = 'accounts/bad-name';
  readonly kind = 'invalid';

  constructor() {
    super(
      `A name has 1 to ${LONGEST_NAME} characters: letters, digits and inner spaces . _ @ ' -, and begins with a letter ` +
        'or digit',
    );
  }
}

/** Somebody must be left who can let others in. */
export class LastAdministratorError extends AppError {
  readonly code = 'accounts/last-administrator';
  readonly kind = 'conflict';

  constructor(name: string) {
    super(`"${name}" is the last active administrator; make another account administrator first`);
  }
}

/** The password is easy to guess, or cannot be kept. Never quotes it. */
export class WeakPasswordError extends AppError {
  readonly code = 'accounts/weak-password';
  readonly kind = 'invalid';
}

/** What only a session has was asked of a key. */
export class NoSessionError extends AppError {
  readonly code = 'accounts/no-session';
  readonly kind = 'conflict';

  constructor() {
    super('This is about a session, and the caller uses a key; keys are revoked with DELETE /api/keys/:id');
  }
}

/** No key has this id or prefix. */
export class KeyNotFoundError extends AppError {
  readonly code = 'accounts/key-not-found';
  readonly kind = 'not-found';

  constructor(wanted: string) {
    super(`No API key is called "${wanted}"; \`holdfast key list\` shows them all`, { details: { wanted } });
  }
}

/** The key would have ended before it began. */
export class BadKeyError extends AppError {
  readonly code = 'accounts/bad-key';
  readonly kind = 'invalid';
}

/** The set-up token is not the one of the newest banner. */
export class SetupTokenError extends AppError {
  readonly code = 'accounts/setup-token';
  readonly kind = 'unauthenticated';

  constructor() {
    super(
      'The set-up token is wrong, used, older than 24 hours, or replaced by a later start; a start shows another one ' +
        'while there is no administrator, and `holdfast account add` needs none',
    );
  }
}

/** A file with a password cannot be used as one. Names the file and never its content. */
export class PasswordFileError extends AppError {
  readonly code = 'accounts/password-file';
  readonly kind = 'invalid';
}

/** So many passwords wait to be checked that one more would wait too long. */
export class HasherBusyError extends AppError {
  readonly code = 'accounts/busy';
  readonly kind = 'unavailable';

  constructor(waiting: number) {
    super(`${waiting} other passwords wait to be checked; try again soon`);
  }
}
