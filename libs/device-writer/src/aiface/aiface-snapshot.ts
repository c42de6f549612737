import {
  BackupNumber,
  credentialKind,
  enrollIdOf,
  isFields,
  PROFILE_FIELDS,
  type ProfileFields,
} from '@app/aiface-protocol';
import { type AifaceUserRead, cardOf } from '@app/device-gateway/sessions';
import { canonicalDeviceUserId } from '@app/kernel';
import { decodeCanonical, encodeCanonical } from '../canonical.js';
import { credentialDigest, type SnapshotDepth, type UserSnapshot } from '../user-snapshot.js';

/** One credential, with its JSON type; null: it was not read. */
export interface AifaceCredential {
  readonly backupNumber: number;
  readonly record: string | number | null;
}

/** What an AiFace terminal holds of one user. */
export interface AifaceUser {
  readonly depth: SnapshotDepth;
  /** As the terminal wrote it. */
  readonly rawEnrollId: string;
  readonly name: string;
  readonly admin: number;
  /** Null: its firmware tells no profile. */
  readonly profile: ProfileFields | null;
  /** With which its fingerprints were made; null: there are none, or it was not told. */
  readonly fingerprintAlgorithm: string | null;
  /** By number. Of the attributes alone, only the card has its record. */
  readonly credentials: readonly AifaceCredential[];
}

/** Whether a read of this depth asks for the contents of a credential. */
export function isRead(depth: SnapshotDepth, backupNumber: number): boolean {
  return depth === 'everything' || backupNumber === BackupNumber.CARD;
}

/** What was read of a user, as it is kept. @param algorithm that the terminal makes fingerprints with, if it tells */
export function aifaceUserOf(
  { rawEnrollId, name, admin, profile, credentials }: AifaceUserRead,
  depth: SnapshotDepth,
  algorithm: string | undefined,
): AifaceUser {
  const hasFinger = credentials.some(({ backupNumber }) => credentialKind(backupNumber) === 'fingerprint');
  return {
    depth,
    rawEnrollId,
    name,
    admin,
    profile: profile ?? null,
    fingerprintAlgorithm: hasFinger ? (algorithm ?? null) : null,
    credentials: credentials.map(({ backupNumber, record }) => {
      return { backupNumber, record: isRead(depth, backupNumber) ? (record ?? null) : null };
    }),
  };
}

/** The snapshot of a user. */
export function aifaceSnapshot(held: AifaceUser): UserSnapshot {
  const { rawEnrollId, name, admin, credentials } = held;
  const card = credentials.find(({ backupNumber }) => backupNumber === BackupNumber.CARD);
  return {
    depth: held.depth,
    user: {
      deviceUserId: canonicalDeviceUserId(rawEnrollId),
      rawUserId: rawEnrollId,
      slot: null,
      details: {
        name: name === '' ? null : name,
        nameBytes: Buffer.from(name),
        cardNumber: card ? cardOf(card.record) : null,
      },
      privilege: admin,
      groupId: null,
      timezoneId: null,
      hasPin: credentials.some(({ backupNumber }) => backupNumber === BackupNumber.PIN),
    },
    credentials: credentials.map(({ backupNumber, record }) => {
      const kind = credentialKind(backupNumber);
      return { kind, index: backupNumber, digest: record === null ? '' : credentialDigest(kind, String(record)) };
    }),
    bytes: encodeAifaceUser(held),
  };
}

/** The canonical bytes of a user. */
export function encodeAifaceUser(held: AifaceUser): Buffer {
  const { depth, rawEnrollId, name, admin, profile, fingerprintAlgorithm, credentials } = held;
  return encodeCanonical(
    { protocol: 'aiface', depth },
    {
      enrollid: rawEnrollId,
      name,
      admin,
      profile: profile && orderedProfile(profile),
      fpalgo: fingerprintAlgorithm,
      credentials: credentials
        .toSorted((a, b) => a.backupNumber - b.backupNumber)
        .map(({ backupNumber, record }) => ({ backupnum: backupNumber, record })),
    },
  );
}

/** @throws {BadSnapshotError} */
export function decodeAifaceUser(bytes: Buffer): AifaceUser {
  return decodeCanonical(bytes, 'aiface', readAifaceUser, encodeAifaceUser);
}

function readAifaceUser(contents: Readonly<Record<string, unknown>>, depth: SnapshotDepth): AifaceUser {
  const { enrollid, name, admin, profile, fpalgo, credentials } = contents;
  const isWhole =
    typeof enrollid === 'string' &&
    enrollIdOf(enrollid) !== undefined &&
    typeof name === 'string' &&
    Number.isSafeInteger(admin) &&
    (profile === null || isFields(profile)) &&
    (fpalgo === null || typeof fpalgo === 'string') &&
    Array.isArray(credentials);
  if (!isWhole) throw new TypeError('A field is missing, or of another kind');
  return {
    depth,
    rawEnrollId: enrollid,
    name,
    admin: admin as number,
    profile: profile as ProfileFields | null,
    fingerprintAlgorithm: fpalgo,
    credentials: credentials.map((credential: unknown) => readCredential(credential, depth)),
  };
}

function readCredential(credential: unknown, depth: SnapshotDepth): AifaceCredential {
  const { backupnum, record } = credential as { backupnum: number; record: string | number | null };
  const isRecord = typeof record === 'string' || Number.isSafeInteger(record);
  const isMissing = record === null && !isRead(depth, backupnum);
  if (Number.isSafeInteger(backupnum) && (isRecord || isMissing)) return { backupNumber: backupnum, record };
  throw new TypeError('A credential is none');
}

function orderedProfile(profile: ProfileFields): ProfileFields {
  return Object.fromEntries(PROFILE_FIELDS.flatMap((key) => (profile[key] === undefined ? [] : [[key, profile[key]]])));
}
