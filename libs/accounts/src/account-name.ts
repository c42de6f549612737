import { createHash } from 'node:crypto';

export const LONGEST_NAME = 64;

/** Visible, without what could be taken for a part of a log line. */
export const ACCOUNT_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{M}\p{N} ._@'-]{0,62}[\p{L}\p{M}\p{N}._@'-])?$/u;

/** How a name is kept: composed characters, no space around it. */
export function tidyName(name: string): string {
  return name.normalize('NFC').trim();
}

/** How a name is looked up: of any case, and of any way to type the same characters. */
export function nameKeyOf(name: string): string {
  return tidyName(name).normalize('NFKC').toLowerCase();
}

/** Stands for a name, whatever was typed into the field for it. */
export function nameDigestOf(name: string): string {
  return createHash('sha256').update(nameKeyOf(name)).digest('hex');
}
