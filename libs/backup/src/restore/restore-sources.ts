import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { BackupCatalogue } from '../backup-catalogue.js';
import { type DeviceBackup } from '../backup.entities.js';
import { BackupFolder } from '../files/backup-folder.js';
import { type BackedUpUser, type OpenedBackup } from '../files/backup-source.js';
import { BackupNotUsableError } from './restore.errors.js';
import { type RestoreSource } from './restore-plan.js';

/** A user of a backup, and which backup it is. */
export interface SourcedUser extends BackedUpUser {
  readonly backup: DeviceBackup;
}

/** Backups that were opened, read from beginning to end and found whole. */
export interface OpenedSources {
  readonly headers: readonly OpenedBackup['header'][];
  /** Everybody wanted of all of them, in the order of IDs; can be gone through any number of times. */
  users(): AsyncIterable<SourcedUser>;
}

interface OpenedSource {
  readonly backup: DeviceBackup;
  readonly opened: OpenedBackup;
  readonly wanted?: ReadonlySet<DeviceUserId>;
}

/** Opens the files that users come from. */
@Injectable()
export class RestoreSources {
  constructor(
    private readonly folder: BackupFolder,
    private readonly catalogue: BackupCatalogue,
  ) {}

  /** @throws {BackupNotUsableError} {BackupInvalidError} {BackupKeyMissingError} */
  async open(sources: readonly RestoreSource[]): Promise<OpenedSources> {
    const opened: OpenedSource[] = [];
    for (const { backup, deviceUserIds } of sources) {
      refuseUnusable(backup);
      const file = await this.folder.open(backup.filename);
      opened.push({ backup, opened: file, wanted: deviceUserIds && new Set(deviceUserIds) });
    }
    return { headers: opened.map((source) => source.opened.header), users: () => merged(opened) };
  }

  /** The backups of a plan that was stored. */
  async openById(backupIds: readonly string[]): Promise<OpenedSources> {
    const backups = await Promise.all(backupIds.map((id) => this.catalogue.getById(id)));
    return this.open(backups.map((backup) => ({ backup })));
  }
}

function refuseUnusable({ filename, state, stateReason, drillResult, drillReason }: DeviceBackup): void {
  if (state !== 'valid')
    throw new BackupNotUsableError(filename, `it is ${state} (${stateReason ?? 'no reason known'})`);
  if (drillResult === 'failed') throw new BackupNotUsableError(filename, `its drill failed (${drillReason ?? ''})`);
}

/** Files are in the order of IDs, so they are merged without holding any of them. */
async function* merged(sources: readonly OpenedSource[]): AsyncIterable<SourcedUser> {
  const streams = sources.map(({ backup, opened, wanted }) => usersOf(backup, opened, wanted)[Symbol.asyncIterator]());
  const heads = await Promise.all(streams.map((stream) => stream.next()));
  try {
    for (;;) {
      let first = -1;
      for (const [i, head] of heads.entries()) {
        if (head.done) continue;
        const best = first < 0 ? undefined : heads[first];
        if (!best || best.done || compareDeviceUserIds(head.value.deviceUserId, best.value.deviceUserId) < 0) first = i;
      }
      if (first < 0) return;
      const head = heads[first];
      if (!head.done) yield head.value;
      heads[first] = await streams[first].next();
    }
  } finally {
    for (const stream of streams) await stream.return?.(undefined);
  }
}

async function* usersOf(
  backup: DeviceBackup,
  opened: OpenedBackup,
  wanted: ReadonlySet<DeviceUserId> | undefined,
): AsyncGenerator<SourcedUser> {
  for await (const user of opened.users()) {
    if (!wanted || wanted.has(user.deviceUserId)) yield { ...user, backup };
  }
}
