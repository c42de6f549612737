import { type NameEncoding } from '@app/device-gateway';
import { Injectable } from '@nestjs/common';
import { aifaceDifferences } from './aiface/aiface-differences.js';
import { aifaceSnapshot, decodeAifaceUser } from './aiface/aiface-snapshot.js';
import { BadSnapshotError } from './device-writer.errors.js';
import { type SnapshotProtocol } from './terminal-copy.js';
import { type UserSnapshot } from './user-snapshot.js';
import { zkDifferences } from './zk/zk-differences.js';
import { decodeZkUser, zkSnapshot } from './zk/zk-snapshot.js';

/** Reads the bytes of snapshots without a terminal. */
@Injectable()
export class SnapshotDecoder {
  /**
   * @param encoding that names of a ZK terminal were written in; told by itself unless given
   * @throws {BadSnapshotError} they are of no protocol that is known here
   */
  decode(bytes: Buffer, encoding: NameEncoding = 'auto'): UserSnapshot {
    try {
      return zkSnapshot(decodeZkUser(bytes), encoding);
    } catch (error) {
      if (!(error instanceof BadSnapshotError)) throw error;
      return aifaceSnapshot(decodeAifaceUser(bytes));
    }
  }

  /** The width of a ZK user's record in bytes. @throws {BadSnapshotError} it is none */
  recordWidth(bytes: Buffer): number {
    return decodeZkUser(bytes).record.length;
  }

  /**
   * In which fields `found` is not as `wanted`, for people: `name`, `fingerprint 3`; never what stands in them. None: it is
   * the same user, byte for byte, or as far as terminals of the protocol can keep one.
   * @throws {BadSnapshotError} one of them is of another protocol
   */
  differences(protocol: SnapshotProtocol, wanted: Buffer, found: Buffer): string[] {
    if (wanted.equals(found)) return [];
    return protocol === 'zk'
      ? zkDifferences(decodeZkUser(wanted), decodeZkUser(found))
      : aifaceDifferences(decodeAifaceUser(wanted), decodeAifaceUser(found));
  }
}
