import { type NameEncoding } from '@app/device-gateway';
import { Injectable } from '@nestjs/common';
import { aifaceSnapshot, decodeAifaceUser } from './aiface/aiface-snapshot.js';
import { BadSnapshotError } from './device-writer.errors.js';
import { type UserSnapshot } from './user-snapshot.js';
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
}
