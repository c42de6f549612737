import { createHash } from 'node:crypto';
import { InvalidRequestError } from '@app/http';

const ENTITY_TAG = /^(?:W\/)?"(\d{1,10})(?:-[0-9a-f]+)?"$/;

/**
 * The entity tag of a person: its version, and where its open mappings are shown too, a digest of them. So a shown mapping
 * that is gone is noticed by who asks whether anything is new, and does not keep anybody from changing the person.
 */
export function entityTagOf(version: number, openMappingIds: readonly string[] = []): string {
  if (openMappingIds.length === 0) return `"${version}"`;
  return `"${version}-${createHash('sha256').update(openMappingIds.join()).digest('hex').slice(0, 16)}"`;
}

/**
 * The versions that an `If-Match` accepts; undefined: any.
 * @throws {InvalidRequestError} it holds no entity tag of this API
 */
export function versionsWanted(ifMatch: string | undefined): readonly number[] | undefined {
  if (ifMatch === undefined || ifMatch.trim() === '*') return undefined;
  return ifMatch.split(',').map((tag) => {
    const version = ENTITY_TAG.exec(tag.trim())?.[1];
    if (version === undefined) {
      throw new InvalidRequestError(['If-Match must be the ETag that this person was read with, or left out']);
    }
    return Number(version);
  });
}
