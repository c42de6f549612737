import { WeakPasswordError } from './accounts.errors.js';
import { nameKeyOf } from './account-name.js';

export const SHORTEST_PASSWORD = 12;
export const LONGEST_PASSWORD = 256;
/** A name of one or two characters stands in many good passwords. */
const SHORTEST_TELLING_NAME = 3;

/** What guessers try first, of those that are long enough; the banner's example is one of them. */
const COMMON = new Set(
  (
    'choose-your-own 123456789012 1234567890123 12345678901234 123456789123 1234567890ab 1q2w3e4r5t6y 1qaz2wsx3edc ' +
    'qwertyuiop12 qwertyuiop123 qwertyuiop[] qwertyuiopasdf asdfghjkl123 qazwsxedcrfv password1234 password12345 ' +
    'password123456 passwordpassword mypassword123 newpassword123 adminadminadmin administrator administrator1 ' +
    'administrator123 administrator! admin1234567 admin123456789 letmeinletmein letmein12345 welcome12345 ' +
    'welcome123456 iloveyou1234 iloveyouforever changeme1234 changemechangeme changeme12345 holdfastholdfast ' +
    'holdfast1234 holdfast12345 abcdefghijkl abc123abc123 abcd1234abcd 111111111111 000000000000 aaaaaaaaaaaa ' +
    'footballfootball superman1234 trustno1trustno1 correcthorsebatterystaple'
  ).split(' '),
);

/** The form in which a password is hashed: the same one, however a keyboard composes its characters. */
export function normalisePassword(password: string): string {
  return password.normalize('NFC');
}

/**
 * Length is what makes a password good; nobody is asked for a digit.
 * @throws {WeakPasswordError} shorter than 12 or longer than 256 characters, very common, or it holds the name
 */
export function requireGoodPassword(password: string, accountName: string): void {
  const normal = normalisePassword(password);
  const length = [...normal].length;
  if (length < SHORTEST_PASSWORD || length > LONGEST_PASSWORD) {
    throw new WeakPasswordError(
      `A password has ${SHORTEST_PASSWORD} to ${LONGEST_PASSWORD} characters, and this one has ${length}; ` +
        'a few words in a row are easy to remember',
    );
  }
  if (COMMON.has(normal.toLowerCase())) {
    throw new WeakPasswordError('This password is among the first that guessers try; choose one of your own');
  }
  const name = nameKeyOf(accountName);
  if (name.length >= SHORTEST_TELLING_NAME && nameKeyOf(normal).includes(name)) {
    throw new WeakPasswordError('The password holds the name of the account; choose one without it');
  }
}
