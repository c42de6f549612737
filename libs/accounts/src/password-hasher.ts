import { Injectable } from '@nestjs/common';
import { type Algorithm, hash, verify } from '@node-rs/argon2';
import { HasherBusyError } from './accounts.errors.js';
import { normalisePassword } from './password-rules.js';

/** OWASP's first choice for Argon2id: 19 MiB, two passes, one lane. */
const PARAMETERS = {
  algorithm: 2 satisfies Algorithm.Argon2id,
  memoryCost: 19_456,
  timeCost: 2,
  parallelism: 1,
} as const;
/** Each takes its memory and a core for some 40 ms. */
const MOST_AT_ONCE = 2;
/** Whoever comes after these would wait for more than a second. */
const MOST_WAITING = 64;

/** Of no password: checked for accounts that are not there, so that they take as long as others. */
const NOBODYS_HASH = `$argon2id$v=19$m=${PARAMETERS.memoryCost},t=${PARAMETERS.timeCost},p=${PARAMETERS.parallelism}$${zeros(16)}$${zeros(32)}`;

/** Turns passwords into Argon2id hashes and compares them, two at a time. */
@Injectable()
export class PasswordHasher {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  /** A PHC string. @throws {HasherBusyError} */
  async hash(password: string): Promise<string> {
    return this.inTurn(() => hash(normalisePassword(password), PARAMETERS));
  }

  /**
   * Whether the password is the one that was hashed. Without a hash it is not, and that takes as long to say.
   * @throws {HasherBusyError}
   */
  async matches(password: string, passwordHash: string | undefined): Promise<boolean> {
    const same = await this.inTurn(() => verify(passwordHash ?? NOBODYS_HASH, normalisePassword(password)));
    return same && passwordHash !== undefined;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= MOST_AT_ONCE) {
      if (this.waiting.length >= MOST_WAITING) throw new HasherBusyError(this.waiting.length);
      await new Promise<void>((resolve) => this.waiting.push(resolve)); // who ends hands its place over
    } else this.running += 1;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running -= 1;
    }
  }
}

/** So many zero bytes as a PHC string writes them. */
function zeros(bytes: number): string {
  return Buffer.alloc(bytes).toString('base64').replaceAll('=', '');
}
