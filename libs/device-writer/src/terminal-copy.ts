import { type DeviceCounters, type DeviceIdentity } from '@app/device-gateway';
import { type DeviceUserId } from '@app/kernel';
import { type UserSnapshot } from './user-snapshot.js';

/** In whose form snapshots are: those of one protocol mean nothing to terminals of the other. */
export type SnapshotProtocol = 'zk' | 'aiface';

/** What a copy was made of, and what could not be had. */
export interface CopyFacts {
  readonly identity: DeviceIdentity;
  readonly protocol: SnapshotProtocol;
  /** With which the fingerprints were made, as the terminal names it (ZK: `10`); null: it does not tell. */
  readonly fingerprintAlgorithm: string | null;
  /** The width of its user records in bytes; null: there are none, or its protocol has none. */
  readonly recordWidth: number | null;
  /** As they were at the end. */
  readonly counters: DeviceCounters;
  /** What the terminal has and does not hand out, for people: `12 faces`. */
  readonly lacking: readonly string[];
  /** When the last of it was read. */
  readonly readAt: Date;
}

/** How far a copy is. */
export interface CopyProgress {
  readonly stage: 'listing' | 'credentials';
  readonly done: number;
  /** Of how many; the unit is what the terminal gives: bytes of templates, or users. */
  readonly of: number;
  readonly unit: 'bytes' | 'users';
  /** How many leases it has taken so far. */
  readonly sittings: number;
}

/**
 * Everybody of a terminal with everything that it hands out, proven to be complete. What it was read of lies in a file
 * that only this process can read, so that a copy of any size takes little memory; it is gone when the copy is let go of.
 */
export abstract class CompleteCopy implements AsyncDisposable {
  abstract readonly facts: CopyFacts;
  /** Everybody, in the order of `compareDeviceUserIds`. */
  abstract readonly ids: readonly DeviceUserId[];
  /** Equal for equal users with equal credentials, hexadecimal; keyed as SnapshotSeal's digests are. */
  abstract readonly stateHash: string;

  /** Everybody, in that order, one at a time; can be gone through any number of times. */
  abstract snapshots(): AsyncIterable<UserSnapshot>;

  /** One of them; undefined: he is not on the terminal. */
  abstract snapshotOf(id: DeviceUserId): Promise<UserSnapshot | undefined>;

  /** As `DeviceWrite.beforeDigest` has it: equal for equal users; null: he is not on the terminal. */
  abstract digest(id: DeviceUserId): Promise<string | null>;

  abstract [Symbol.asyncDispose](): Promise<void>;
}
