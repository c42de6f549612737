import { BackupNumber } from '@app/aiface-protocol';
import { withoutPin } from '@app/zk-protocol';
import { BadSnapshotError } from './device-writer.errors.js';
import { decodeAifaceUser, encodeAifaceUser } from './aiface/aiface-snapshot.js';
import { decodeZkUser, encodeZkUser } from './zk/zk-snapshot.js';

/**
 * A snapshot without what must not lie in clear: no PIN, no fingerprint, no face, no photo. Name, card and the other
 * attributes stay; its depth is `attributes`.
 * @throws {BadSnapshotError}
 */
export function withoutSecrets(bytes: Buffer): Buffer {
  try {
    const { record } = decodeZkUser(bytes);
    return encodeZkUser({ depth: 'attributes', record: withoutPin(record), templates: [] });
  } catch (error) {
    if (!(error instanceof BadSnapshotError)) throw error;
  }
  const user = decodeAifaceUser(bytes);
  const credentials = user.credentials.map(({ backupNumber, record }) => {
    return { backupNumber, record: backupNumber === BackupNumber.CARD ? record : null };
  });
  return encodeAifaceUser({ ...user, depth: 'attributes', credentials });
}
