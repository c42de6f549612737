import { createHash } from 'node:crypto';
import { type DeviceUser } from '@app/device-gateway';

/** How much of a user was read: the record with its attributes, or every credential besides. */
export type SnapshotDepth = 'attributes' | 'everything';

/** That a user has a credential, and which one; never the credential itself. */
export interface CredentialMark {
  readonly kind: 'pin' | 'card' | 'fingerprint' | 'face' | 'palm' | 'photo' | 'other';
  /** The finger, or the terminal's number of the credential. */
  readonly index: number;
  /** SHA-256 of its bytes, hexadecimal; empty for a PIN, whose few digits would be found by trying them all. */
  readonly digest: string;
}

/**
 * One user as a terminal holds it, undecoded bytes included. It carries the PIN and templates: its bytes leave the
 * process only encrypted, and neither a log nor an audit entry ever gets them.
 */
export interface UserSnapshot {
  readonly depth: SnapshotDepth;
  /** The attributes, decoded. */
  readonly user: DeviceUser;
  readonly credentials: readonly CredentialMark[];
  /**
   * Everything that was read, in the driver's own canonical form, slot included: equal bytes are an equal user. What
   * `DeviceWriter.decode` of the same protocol reads again.
   */
  readonly bytes: Buffer;
}

/** The digest of a credential, for its mark. */
export function credentialDigest(kind: CredentialMark['kind'], bytes: Buffer | string): string {
  return kind === 'pin' ? '' : createHash('sha256').update(bytes).digest('hex');
}

/** A short name of a snapshot for comparing and for the audit log: SHA-256, hexadecimal. */
export function digestOf({ bytes }: UserSnapshot): string {
  return createHash('sha256').update(bytes).digest('hex');
}
