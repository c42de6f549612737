import { type CompleteCopy, RestoreForecast, SnapshotDecoder } from '@app/device-writer';
import { AbortedError, AppError } from '@app/kernel';
import { Injectable, Optional } from '@nestjs/common';
import { type DrillNeeds, type DrillTerminal, DrillTerminals } from '../drill-terminals.js';
import { type OpenedBackup } from '../files/backup-source.js';
import { NoDrillHereError, NothingToDrillError } from './drill.errors.js';
import { DrillFindings } from './drill-findings.js';
import { DrillWriting } from './drill-writing.js';

/** What a drill found. */
export interface DrillReport {
  readonly good: boolean;
  readonly users: number;
  /** Who is not as he was, and in which fields or why; never what stands in them. The first twenty, and how many more. */
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
   * Somebody who cannot be written, and a terminal that cannot be read back, are findings and no errors.
   * @throws {NothingToDrillError} the backup was made without a key @throws {NoDrillHereError} this program has no emulator
   * @throws {BackupInvalidError} the file was changed since it was opened @throws {AbortedError}
   * @throws {DeviceError} the emulated terminal could not be started, or reached
   */
  async run(backup: OpenedBackup, options: DrillOptions = {}): Promise<DrillReport> {
    const { header, filename } = backup;
    const { signal } = options;
    if (header.contents !== 'everything') throw new NothingToDrillError(filename);
    if (!this.terminals) throw new NoDrillHereError();
    const needs = { header, recordWidth: await this.recordWidthOf(backup) };
    await using terminal = await this.terminals.start(needs, signal);
    const findings = new DrillFindings();
    await this.restoreAll(backup, terminal, findings, options);
    await using copy = await findingsOf(findings, 'the terminal', signal, () => terminal.copy(signal));
    if (copy) await this.compareAll(backup, copy, findings, options);
    return { good: findings.none, users: header.users, differences: findings.list() };
  }

  private async restoreAll(
    backup: OpenedBackup,
    terminal: DrillTerminal,
    findings: DrillFindings,
    { signal, onProgress }: DrillOptions,
  ): Promise<void> {
    const { users: of, fingerprint_algorithm: wantedAlgorithm } = backup.header;
    await using writing = new DrillWriting(terminal, signal);
    const forecast = await forecastOf(writing, backup);
    let done = 0;
    for await (const { deviceUserId: id, snapshot } of backup.users()) {
      requireTime(signal);
      const wanted = this.decoder.decode(snapshot);
      const judgement = forecast.judge(undefined, wanted, { sameTerminal: true, wantedAlgorithm });
      if (judgement.action === 'refused') findings.add(id, judgement.code);
      else {
        const put = (): Promise<void> => writing.use((writer) => writer.put(undefined, judgement.after));
        await findingsOf(findings, id, signal, put);
      }
      done += 1;
      onProgress?.({ stage: 'restoring', done, of });
    }
  }

  /** Everybody of the file must be there as the file has them, and nobody besides. */
  private async compareAll(
    backup: OpenedBackup,
    copy: CompleteCopy,
    findings: DrillFindings,
    { signal, onProgress }: DrillOptions,
  ): Promise<void> {
    const { users: of, protocol } = backup.header;
    let [done, there] = [0, 0];
    for await (const { deviceUserId: id, snapshot } of backup.users()) {
      requireTime(signal);
      const found = await copy.snapshotOf(id);
      if (found) findings.add(id, ...this.decoder.differences(protocol, snapshot, found.bytes));
      else findings.add(id, 'is not there');
      there += Number(found !== undefined);
      done += 1;
      onProgress?.({ stage: 'comparing', done, of });
    }
    if (copy.ids.length > there) findings.add('the terminal', `${copy.ids.length - there} users are too many`);
  }

  private async recordWidthOf(backup: OpenedBackup): Promise<DrillNeeds['recordWidth']> {
    if (backup.header.protocol !== 'zk') return null;
    for await (const { snapshot } of backup.users()) return this.decoder.recordWidth(snapshot);
    return null;
  }
}

async function forecastOf(writing: DrillWriting, { header }: OpenedBackup): Promise<RestoreForecast> {
  const { facts, traits } = await writing.use((writer) => writer.readForBatch(new Set()));
  if (traits.length > 0) throw new Error('A drill found its emulated terminal not to be empty');
  return RestoreForecast.from({ ...facts, fingerprintAlgorithm: header.fingerprint_algorithm }, []);
}

/** What goes wrong with the work, and is foreseen, is a finding. Undefined: it went wrong. */
async function findingsOf<T>(
  findings: DrillFindings,
  about: Parameters<DrillFindings['add']>[0],
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    requireTime(signal);
    if (!(error instanceof AppError)) throw error;
    findings.add(about, error.code);
    return undefined;
  }
}

/** @throws {AbortedError} */
function requireTime(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new AbortedError(signal.reason);
}
