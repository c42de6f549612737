import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';

const SECRET_BYTES = 32;
const PREFIX_LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';
const PREFIX_LENGTH = 8;

/** 256 random bits as text. So much randomness needs no slow hash. */
export function newSecret(): string {
  return randomBytes(SECRET_BYTES).toString('base64url');
}

/** What may be shown of a key: eight letters and digits that cannot be mistaken for each other. */
export function newKeyPrefix(): string {
  return Array.from({ length: PREFIX_LENGTH }, () => PREFIX_LETTERS[randomInt(PREFIX_LETTERS.length)]).join('');
}

/** What the database holds of a token. */
export function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** Compares digests, so that neither the time nor the length tells how much of a guess was right. */
export function sameSecret(a: string, b: string): boolean {
  return timingSafeEqual(Buffer.from(hashOf(a)), Buffer.from(hashOf(b)));
}
