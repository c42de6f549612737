import { OutcomeUnknownError } from './device-writer.errors.js';

/** A write left, and nobody can say what became of it. @param what for people: `the deletion of user 9001` */
export function unknownOutcome(what: string, why: string, cause?: unknown): OutcomeUnknownError {
  return new OutcomeUnknownError(
    `It is not known whether ${what} was done: ${why}. Read the terminal before anything else; do not repeat it blindly`,
    { cause },
  );
}
