import { type NameEncoding } from '@app/device-gateway';
import { aifaceSnapshot, decodeAifaceUser } from './aiface/aiface-snapshot.js';
import { type SnapshotProtocol } from './terminal-copy.js';
import { type CredentialMark, type SnapshotDepth, type UserSnapshot } from './user-snapshot.js';
import { decodeZkUser, zkSnapshot } from './zk/zk-snapshot.js';

/** What may be shown of a snapshot: no PIN, and of a credential no more than which one it is. */
export interface SnapshotDescription {
  readonly depth: SnapshotDepth;
  readonly name: string | null;
  readonly cardNumber: string | null;
  readonly privilege: number | null;
  readonly hasPin: boolean;
  /** Those besides PIN and card. Of depth `attributes` they are not told, or without their digests. */
  readonly credentials: readonly CredentialMark[];
}

/**
 * Reads the bytes of a snapshot, without its terminal.
 * @param encoding that names of the terminal were written in
 * @throws {BadSnapshotError}
 */
export function describeSnapshot(
  bytes: Buffer,
  { protocol, encoding }: { readonly protocol: SnapshotProtocol; readonly encoding: NameEncoding },
): SnapshotDescription {
  return descriptionOf(
    protocol === 'zk' ? zkSnapshot(decodeZkUser(bytes), encoding) : aifaceSnapshot(decodeAifaceUser(bytes)),
  );
}

function descriptionOf({ depth, user, credentials }: UserSnapshot): SnapshotDescription {
  return {
    depth,
    name: user.details?.name ?? null,
    cardNumber: user.details?.cardNumber ?? null,
    privilege: user.privilege ?? null,
    hasPin: user.hasPin,
    credentials: credentials.filter(({ kind }) => kind !== 'pin' && kind !== 'card'),
  };
}
