import { type BackupSource } from '@app/backup';
import { SnapshotDecoder, type UserSnapshot } from '@app/device-writer';
import { compareDeviceUserIds, slot } from '@app/kernel';
import { encodeUserRecord } from '@app/zk-protocol';
import { aUser } from './builders.js';

const decoder = new SnapshotDecoder();

/** A user of a ZK terminal with everything, as copies have them. */
export function aSnapshot(
  n: number,
  { pin = '', templates = [] }: { readonly pin?: string; readonly templates?: readonly Buffer[] } = {},
): UserSnapshot {
  const record = encodeUserRecord({ ...aUser(n), slot: slot(n), password: Buffer.from(pin, 'latin1') }, 72);
  return decoder.decode(
    Buffer.from(
      JSON.stringify({
        format: 'holdfast-user/1',
        protocol: 'zk',
        depth: 'everything',
        record: record.toString('base64'),
        templates: templates.map((template, finger) => ({ finger, flag: 1, template: template.toString('base64') })),
      }),
    ),
  );
}

/** What is written as a backup. */
export function aBackupSource(
  users: readonly UserSnapshot[],
  takenAt = new Date('2026-01-31T09:45:00.123Z'),
): BackupSource {
  const sorted = users.toSorted((a, b) => compareDeviceUserIds(a.user.deviceUserId, b.user.deviceUserId));
  return {
    header: {
      device: { id: '1', slug: 'front-door', name: 'Front door' },
      protocol: 'zk',
      serial_number: 'SN1',
      model: null,
      firmware: null,
      fingerprint_algorithm: '10',
      lacking: [],
    },
    takenAt,
    async *users() {
      yield* sorted;
    },
  };
}
