import { type Device } from '@app/devices';
import { type CompleteCopy, RestoreForecast, SnapshotDecoder } from '@app/device-writer';
import { compareDeviceUserIds, type DeviceUserId } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { type DeviceBackup } from '../backup.entities.js';
import { Suppressions } from '../erasure/suppressions.js';
import { type BackupHeader } from '../format/backup-header.js';
import { OtherProtocolError } from './restore.errors.js';
import { type PlannedUser, type RestorePlan, type RestoreSelection, type RestoreSource } from './restore-plan.js';
import { RestoreSources, type SourcedUser } from './restore-sources.js';

/** What of a user's fate does not depend on his record. */
interface Circumstances {
  readonly sameTerminal: boolean;
  readonly header: BackupHeader;
  /** Who must not come back from this backup. */
  readonly erased: ReadonlySet<DeviceUserId>;
}

/**
 * Works out what bringing users back would do to a terminal, user by user. It reads backups and the copy of the terminal
 * that it is given, and writes nothing. The same backups and the same state of the terminal give the same plan.
 */
@Injectable()
export class RestorePlanner {
  constructor(
    private readonly sources: RestoreSources,
    private readonly suppressions: Suppressions,
    private readonly decoder: SnapshotDecoder,
  ) {}

  /**
   * @throws {OtherProtocolError} {BackupNotUsableError} {BackupInvalidError} {BackupKeyMissingError}
   */
  async plan(
    device: Device,
    sources: readonly RestoreSource[],
    { onlyMissing = false, deviceUserIds }: RestoreSelection,
    copy: CompleteCopy,
  ): Promise<RestorePlan> {
    const opened = await this.sources.open(sources);
    const circumstances = new Map<string, Circumstances>();
    for (const [i, { backup }] of sources.entries())
      circumstances.set(backup.id, await this.circumstancesOf(device, backup, opened.headers[i], copy));
    const forecast = await RestoreForecast.of(copy);
    const wanted = deviceUserIds && new Set(deviceUserIds);
    const users: PlannedUser[] = [];
    for await (const user of opened.users()) {
      if (wanted && !wanted.delete(user.deviceUserId)) continue;
      const beforeDigest = await copy.digest(user.deviceUserId);
      if (onlyMissing && beforeDigest !== null) continue;
      users.push(await this.judge(user, circumstances.get(user.backup.id)!, { copy, forecast, beforeDigest }));
    }
    for (const deviceUserId of wanted ?? []) users.push(unknownUser(deviceUserId));
    return {
      device,
      sources,
      stateHash: copy.stateHash,
      users: users.toSorted((a, b) => compareDeviceUserIds(a.deviceUserId, b.deviceUserId)),
      lacking: [...new Set(opened.headers.flatMap(({ lacking }) => lacking))],
    };
  }

  private async circumstancesOf(
    device: Device,
    backup: DeviceBackup,
    header: BackupHeader,
    copy: CompleteCopy,
  ): Promise<Circumstances> {
    const { protocol, identity } = copy.facts;
    if (header.protocol !== protocol)
      throw new OtherProtocolError(backup.filename, header.protocol, device.name, protocol);
    const erased = await this.suppressions.refusedFrom(backup, device.id);
    return { sameTerminal: header.serial_number === identity.serialNumber, header, erased };
  }

  private async judge(
    { deviceUserId, name, snapshot, backup }: SourcedUser,
    { sameTerminal, header, erased }: Circumstances,
    { copy, forecast, beforeDigest }: { copy: CompleteCopy; forecast: RestoreForecast; beforeDigest: string | null },
  ): Promise<PlannedUser> {
    const about = {
      deviceUserId,
      name,
      backupId: backup.id,
      beforeDigest,
      credentialsAdded: 0,
      credentialsReplaced: 0,
    };
    if (erased.has(deviceUserId)) {
      const reason = 'Erased; whoever was erased does not come back from a backup that was made before';
      return { ...about, action: 'refused', code: 'erased', reason };
    }
    const held = beforeDigest === null ? undefined : await copy.snapshotOf(deviceUserId);
    const judgement = forecast.judge(held, this.decoder.decode(snapshot), {
      sameTerminal,
      wantedAlgorithm: header.fingerprint_algorithm,
    });
    switch (judgement.action) {
      case 'unchanged':
        return { ...about, action: 'unchanged' };
      case 'refused':
        return { ...about, action: 'refused', code: judgement.code, reason: judgement.reason };
      default: {
        const { action, credentialsAdded, credentialsReplaced } = judgement;
        return { ...about, action, credentialsAdded, credentialsReplaced };
      }
    }
  }
}

function unknownUser(deviceUserId: DeviceUserId): PlannedUser {
  return {
    deviceUserId,
    name: null,
    action: 'refused',
    code: 'not-in-backup',
    reason: 'No backup that this is restored from holds this user; look into an older one, or enrol the user anew',
    credentialsAdded: 0,
    credentialsReplaced: 0,
    beforeDigest: null,
  };
}
