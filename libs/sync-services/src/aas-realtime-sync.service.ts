import { AasFileError, AasService, type AasSource, type OrderedPunch, type ProvenAasFile } from '@app/aas';
import { DeviceUserAuditService } from '@app/audit';
import { type Device, DeviceNotFoundError, DevicesService } from '@app/devices';
import { AppError, type DeviceUserId, systemActor } from '@app/kernel';
import { type ImportTotals, PunchesService, type ReportedPunch } from '@app/punches';
import { deviceLockKey, type Lease, SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { SyncRunJournal } from './sync-run.journal.js';

/** What a look at AAS came to. */
export interface AasSyncTotals {
  readonly filesRead: number;
  readonly filesRefused: number;
  readonly punchesImported: number;
}

/** A clock number within AAS, or `*`, to the id of the device that it is. */
type ClockMap = Readonly<Record<string, string>>;

/**
 * `aasRealtimeSync`: follows the files of an AAS 6.0 installation and imports the punches of those clocks that are
 * devices of ours. It never opens a terminal: a file proves who is in AAS and nothing about who is on a terminal, so
 * that it moves no sighting and buffers nobody. Each device's part is a run of its own, under that device's lease.
 */
@Injectable()
export class AasRealtimeSync {
  static readonly serviceName = AasService.serviceName;
  private readonly logger = new Logger(AasRealtimeSync.name);
  private readonly unknownDevices = new Set<string>();

  constructor(
    private readonly aas: AasService,
    private readonly devices: DevicesService,
    private readonly coordinator: SyncCoordinator,
    private readonly punches: PunchesService,
    private readonly journal: SyncRunJournal,
    private readonly audit: DeviceUserAuditService,
    private readonly dataSource: DataSource,
  ) {}

  /**
   * Looks at what has changed since the last look; one server at a time. A file that cannot be believed as a whole is
   * refused and noted, and stops no other.
   * @throws {LeaseBusyError} another server is looking
   */
  async syncChanged(signal?: AbortSignal): Promise<AasSyncTotals> {
    if (this.aas.path === undefined) return { filesRead: 0, filesRefused: 0, punchesImported: 0 };
    return this.coordinator.withLease('aas', { service: AasRealtimeSync.serviceName, signal }, async (lease) => {
      const clocks = await this.resolveClocks();
      const settings = this.aas.settingsWith(clocks);
      let [filesRead, filesRefused, punchesImported] = [0, 0, 0];
      for (const source of await this.findChanged(settings)) {
        const ending = signal ? AbortSignal.any([signal, lease.signal]) : lease.signal;
        const imported = await this.syncFile(source, clocks, settings, ending);
        if (imported === 'refused') filesRefused += 1;
        else {
          filesRead += 1;
          punchesImported += imported;
        }
      }
      return { filesRead, filesRefused, punchesImported };
    });
  }

  private async findChanged(settings: string): Promise<AasSource[]> {
    try {
      return await this.aas.findChanged(settings);
    } catch (error) {
      if (!(error instanceof AasFileError)) throw error;
      await this.aas.recordRefusal(undefined, error, settings);
      return [];
    }
  }

  private async syncFile(
    source: AasSource,
    clocks: ClockMap,
    settings: string,
    signal: AbortSignal,
  ): Promise<number | 'refused'> {
    try {
      await using file = await this.aas.open(source, { clocks, signal });
      let punchesImported = 0;
      for (const deviceId of new Set(Object.values(clocks))) {
        if ((file.summary.punches[deviceId] ?? 0) === 0) continue;
        punchesImported += await this.syncDevice(await this.devices.get(deviceId), source, file, signal);
      }
      await this.aas.recordRead(source, file, { settings, punchesImported });
      return punchesImported;
    } catch (error) {
      if (!(error instanceof AasFileError)) throw error;
      await this.aas.recordRefusal(source, error, settings);
      return 'refused';
    }
  }

  /** A run against one device, from lease to lease, that reads a file instead of the terminal. */
  private async syncDevice(
    device: Device,
    source: AasSource,
    file: ProvenAasFile,
    signal: AbortSignal,
  ): Promise<number> {
    const request = { service: AasRealtimeSync.serviceName, actor: systemActor, signal };
    const runId = await this.journal.begin(device.id, request);
    try {
      return await this.coordinator.withLease(deviceLockKey(device.id), request, async (lease) => {
        await this.journal.recordLease(runId, device.id, lease);
        const totals = await this.importPunches(device, runId, lease, file);
        await this.finish(device, runId, lease, source, file, totals);
        return totals.imported;
      });
    } catch (error) {
      await this.dataSource.transaction(async (tx) => {
        await this.journal.fail(tx, runId, error);
        await this.audit.logOperation(tx, this.entry('sync_run_failed', device, runId, { code: codeOf(error) }));
      });
      throw error;
    }
  }

  /** Batch by batch, each exactly once: a run that is cut off is finished by the next one. */
  private async importPunches(device: Device, runId: string, lease: Lease, file: ProvenAasFile): Promise<ImportTotals> {
    const context = { deviceId: device.id, runId, timeZone: this.devices.timeZoneOf(device) };
    let [read, imported] = [0, 0];
    for await (const batch of file.punchesOf(device.id)) {
      const totals = await lease.transaction((tx) =>
        this.punches.importReported(tx, context, batch.map(reportedPunchOf)),
      );
      read += totals.read;
      imported += totals.imported;
    }
    return { read, imported, alreadyKnown: read - imported };
  }

  private async finish(
    device: Device,
    runId: string,
    lease: Lease,
    source: AasSource,
    { summary }: ProvenAasFile,
    punches: ImportTotals,
  ): Promise<void> {
    const proof = {
      source: 'aas',
      role: source.role,
      sha256: summary.sha256,
      tables: summary.tables,
      proves_presence: false,
    };
    await lease.transaction(async (tx) => {
      await this.journal.succeed(tx, { runId, totals: NOBODY_SEEN, invalid: 0, punches }, proof);
      const counts = {
        discovered: 0,
        mapped: 0,
        unmapped: 0,
        punches_read: punches.read,
        punches_imported: punches.imported,
      };
      await this.audit.logOperation(tx, this.entry('sync_run_finished', device, runId, { ...counts, ...proof }));
    });
    this.logger.log({
      msg: 'punches imported from AAS',
      device_id: device.id,
      device: device.name,
      sync_run_id: runId,
      role: source.role,
      punches_read: punches.read,
      punches_imported: punches.imported,
    });
  }

  private entry(
    operation: 'sync_run_finished' | 'sync_run_failed',
    device: Device,
    runId: string,
    details: Record<string, unknown>,
  ): Parameters<DeviceUserAuditService['logOperation']>[1] {
    return {
      operation,
      deviceId: device.id,
      performedBy: systemActor,
      serviceName: AasRealtimeSync.serviceName,
      details: { sync_run_id: runId, ...details },
    };
  }

  /** A device that the configuration names and nobody registered is told once, and its clock is left out. */
  private async resolveClocks(): Promise<ClockMap> {
    const resolved: [string, string][] = [];
    for (const [clock, name] of Object.entries(this.aas.clocks)) {
      try {
        resolved.push([clock, (await this.devices.resolve(name)).id]);
      } catch (error) {
        if (!(error instanceof DeviceNotFoundError)) throw error;
        if (this.unknownDevices.has(name)) continue;
        this.unknownDevices.add(name);
        this.logger.warn({ msg: 'AAS_DEVICES names a device that is not registered', clock, device: name });
      }
    }
    return Object.fromEntries(resolved);
  }
}

/** A file shows nobody on a terminal. */
const NOBODY_SEEN = { read: 0, mapped: 0, unmapped: 0, newlyBuffered: 0, alreadyBuffered: 0, updated: 0 };

function reportedPunchOf({ deviceUserId, ...punch }: OrderedPunch): ReportedPunch {
  return { ...punch, deviceUserId: deviceUserId as DeviceUserId };
}

function codeOf(error: unknown): string {
  return error instanceof AppError ? error.code : 'sync/unforeseen';
}
