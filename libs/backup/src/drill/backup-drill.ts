import {
  type CompleteCopy,
  type DeviceWriter,
  RestoreForecast,
  type RestoreJudgement,
  SnapshotDecoder,
  type UserSnapshot,
} from '@app/device-writer';
import { type DeviceUserId } from '@app/kernel';
import { Injectable, Optional } from '@nestjs/common';
import { type DrillNeeds, type DrillTerminal, DrillTerminals } from '../drill-terminals.js';
import { type OpenedBackup } from '../files/backup-source.js';
import { differencesOf } from './snapshot-differences.js';
import { NoDrillHereError, NothingToDrillError } from './drill.errors.js';

/** How many differences are told of a backup that is not good. */
const MOST_TOLD = 20;

/** What a drill found. */
export interface DrillReport {
  readonly good: boolean;
  readonly users: number;
  /** Who is not as he was, and in which fields; never what stands in them. Twenty at most. */
  readonly differences: readonly string[];
}

export interface DrillOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: {
    readonly stage: 'restoring' | 'comparing';
    readonly done: number;
    readonly of: number;
  }) => void;
}

/**
 * Tries a backup out: everybody of it is written to an empty emulated terminal, as a restore writes them, read back over the
 * wire as a backup reads them, and compared with the file, field by field.
 */
@Injectable()
export class BackupDrill {
  constructor(
    private readonly decoder: SnapshotDecoder,
    @Optional() private readonly terminals?: DrillTerminals,
  ) {}

  /**
   * @throws {NothingToDrillError} the backup was made without a key @throws {NoDrillHereError} this program has no emulator
   * @throws {BackupInvalidError} and whatever the emulated terminal does wrong
   */
  async run(backup: OpenedBackup, options: DrillOptions = {}): Promise<DrillReport> {
    const { header, filename } = backup;
    if (header.contents !== 'everything') throw new NothingToDrillError(filename);
    if (!this.terminals) throw new NoDrillHereError();
    await using terminal = await this.terminals.start({ header, recordWidth: await this.recordWidthOf(backup) });
    const refusals = await this.restoreAll(backup, terminal, options);
    await using copy = await terminal.copy(options.signal);
    const differences = [...refusals, ...(await this.compareAll(backup, copy, options))];
    return { good: differences.length === 0, users: header.users, differences: differences.slice(0, MOST_TOLD) };
  }

  private async restoreAll(
    backup: OpenedBackup,
    terminal: DrillTerminal,
    { signal, onProgress }: DrillOptions,
  ): Promise<string[]> {
    await using writer = await terminal.openWriter(signal);
    const refusals: string[] = [];
    let done = 0;
    for await (const [id, , judgement] of this.judged(backup, await forecastOf(writer, backup))) {
      signal?.throwIfAborted();
      if (judgement.action === 'create') await writer.put(undefined, judgement.after);
      else if (judgement.action === 'refused') refusals.push(`${id}: ${judgement.code}`);
      done += 1;
      onProgress?.({ stage: 'restoring', done, of: backup.header.users });
    }
    return refusals;
  }

  /** What is read back must be what was to be written, as a restore would be told it; nobody may be too many. */
  private async compareAll(backup: OpenedBackup, copy: CompleteCopy, { onProgress }: DrillOptions): Promise<string[]> {
    const differences: string[] = [];
    let done = 0;
    for await (const { deviceUserId: id, snapshot } of backup.users()) {
      const found = await copy.snapshotOf(id);
      const wanted = this.decoder.decode(snapshot);
      if (!found) differences.push(`${id}: is not there`);
      else differences.push(...differencesOf(wanted, found).map((field) => `${id}: ${field}`));
      done += 1;
      onProgress?.({ stage: 'comparing', done, of: backup.header.users });
    }
    if (copy.ids.length > done) differences.push(`${copy.ids.length - done} users are too many`);
    return differences;
  }

  private async *judged(
    backup: OpenedBackup,
    forecast: RestoreForecast,
  ): AsyncIterable<readonly [DeviceUserId, UserSnapshot, RestoreJudgement]> {
    for await (const { deviceUserId, snapshot } of backup.users()) {
      const wanted = this.decoder.decode(snapshot);
      const options = { sameTerminal: true, wantedAlgorithm: backup.header.fingerprint_algorithm };
      yield [deviceUserId, wanted, forecast.judge(undefined, wanted, options)];
    }
  }

  private async recordWidthOf(backup: OpenedBackup): Promise<DrillNeeds['recordWidth']> {
    if (backup.header.protocol !== 'zk') return null;
    for await (const { snapshot } of backup.users()) return this.decoder.recordWidth(snapshot);
    return null;
  }
}

async function forecastOf(writer: DeviceWriter, { header }: OpenedBackup): Promise<RestoreForecast> {
  const { facts, traits } = await writer.readForBatch(new Set());
  if (traits.length > 0) throw new Error('A drill found its emulated terminal not to be empty');
  return RestoreForecast.from({ ...facts, fingerprintAlgorithm: header.fingerprint_algorithm }, []);
}
