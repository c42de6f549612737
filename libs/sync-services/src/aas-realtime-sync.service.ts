import { AasFileError, AasService, type AasSource, type OrderedPunch, type ProvenAasFile } from '@app/aas';
import { DeviceNotFoundError, DevicesService } from '@app/devices';
import { type Actor, type DeviceUserId } from '@app/kernel';
import { type ImportTotals, PunchesService, type ReportedPunch } from '@app/punches';
import { SyncCoordinator } from '@app/sync-coordinator';
import { Injectable, Logger } from '@nestjs/common';
import { RunFrame, type RunUnderway } from './run-frame.js';
import { SyncFailedError } from './sync-services.errors.js';

/** What a look at AAS came to. */
export interface AasSyncTotals {
  readonly filesRead: number;
  readonly filesRefused: number;
  /** Devices whose part was not imported; they are tried again at the next look. */
  readonly runsFailed: number;
  readonly punchesImported: number;
  /** Of clocks that the configuration gives to no registered device. */
  readonly punchesWithoutDevice: number;
}

/** In whose name a look happens, and how it is ended. */
export interface AasLook {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
}

interface OpenedFile {
  readonly source: AasSource;
  readonly file: ProvenAasFile;
  readonly look: AasLook;
}

interface SyncedFile {
  punchesImported: number;
  runsFailed: number;
  readonly punchesWithoutDevice: number;
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
    private readonly frame: RunFrame,
  ) {}

  /**
   * Looks at what has changed since the last look; one server at a time. A file that cannot be believed as a whole is
   * refused and noted, and stops no other.
   * @throws {LeaseBusyError} another server is looking
   */
  async syncChanged({ actor, signal }: AasLook): Promise<AasSyncTotals> {
    if (this.aas.path === undefined) return NOTHING_DONE;
    return this.coordinator.withLease('aas', { service: AasRealtimeSync.serviceName, signal }, async (lease) => {
      const clocks = await this.resolveClocks();
      const settings = this.aas.settingsWith(clocks);
      const totals = { ...NOTHING_DONE };
      const look = { actor, signal: signal ? AbortSignal.any([signal, lease.signal]) : lease.signal };
      for (const source of await this.findChanged(settings, actor)) {
        const synced = await this.syncFile(source, clocks, settings, look);
        if (synced === 'refused') totals.filesRefused += 1;
        else {
          totals.filesRead += 1;
          totals.runsFailed += synced.runsFailed;
          totals.punchesImported += synced.punchesImported;
          totals.punchesWithoutDevice += synced.punchesWithoutDevice;
        }
      }
      return totals;
    });
  }

  private async findChanged(settings: string, actor: Actor): Promise<AasSource[]> {
    try {
      return await this.aas.findChanged(settings);
    } catch (error) {
      if (!(error instanceof AasFileError)) throw error;
      await this.aas.recordRefusal(undefined, error, { settings, actor });
      return [];
    }
  }

  private async syncFile(
    source: AasSource,
    clocks: ClockMap,
    settings: string,
    look: AasLook,
  ): Promise<SyncedFile | 'refused'> {
    try {
      await using file = await this.aas.open(source, { clocks, signal: look.signal });
      const synced = { punchesImported: 0, runsFailed: 0, punchesWithoutDevice: withoutDevice(file, clocks) };
      for (const deviceId of new Set(Object.values(clocks))) {
        if ((file.summary.punches[deviceId] ?? 0) > 0) await this.syncDevice(deviceId, { source, file, look }, synced);
      }
      // Otherwise it is looked at again, and what has been imported is not imported twice.
      if (synced.runsFailed === 0) await this.aas.recordRead(source, file, { ...synced, settings, actor: look.actor });
      return synced;
    } catch (error) {
      if (!(error instanceof AasFileError)) throw error;
      await this.aas.recordRefusal(source, error, { settings, actor: look.actor });
      return 'refused';
    }
  }

  /** A run against one device that reads a file instead of the terminal; its failure stops no other device. */
  private async syncDevice(deviceId: string, opened: OpenedFile, synced: SyncedFile): Promise<void> {
    const { file, source, look } = opened;
    const request = { service: AasRealtimeSync.serviceName, ...look };
    try {
      const { imported } = await this.frame.run(await this.devices.get(deviceId), request, (run) =>
        this.importPunches(run, source, file),
      );
      synced.punchesImported += imported;
    } catch (error) {
      if (!(error instanceof SyncFailedError) || look.signal?.aborted) throw error;
      if (error.cause instanceof AasFileError) throw error.cause;
      synced.runsFailed += 1; // its row, its audit entry and the log say why
    }
  }

  /** Batch by batch, each exactly once: a run that is cut off is finished by the next one. */
  private async importPunches(run: RunUnderway, source: AasSource, file: ProvenAasFile): Promise<ImportTotals> {
    const { device, runId, lease } = run;
    const context = { deviceId: device.id, runId, timeZone: this.devices.timeZoneOf(device) };
    let [read, imported] = [0, 0];
    for await (const batch of file.punchesOf(device.id)) {
      const totals = await lease.transaction((tx) =>
        this.punches.importReported(tx, context, batch.map(reportedPunchOf)),
      );
      read += totals.read;
      imported += totals.imported;
    }
    const punches = { read, imported, alreadyKnown: read - imported };
    const { sha256, tables } = file.summary;
    const rows = Object.entries(tables).map(([table, count]) => ({ table, rows: count }));
    const proof = { source: 'aas', role: source.role, sha256, tables: rows, provesPresence: false };
    await lease.transaction((tx) => this.frame.noteSuccess(tx, run, { runId, punches }, proof));
    const about = { device_id: device.id, device: device.name, sync_run_id: runId, role: source.role };
    this.logger.log({ msg: 'punches imported from AAS', ...about, punches_read: read, punches_imported: imported });
    return punches;
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

const NOTHING_DONE: AasSyncTotals = {
  filesRead: 0,
  filesRefused: 0,
  runsFailed: 0,
  punchesImported: 0,
  punchesWithoutDevice: 0,
};

function withoutDevice({ summary }: ProvenAasFile, clocks: ClockMap): number {
  const devices = new Set(Object.values(clocks));
  const left = Object.entries(summary.punches).filter(([target]) => !devices.has(target));
  return left.reduce((sum, [, count]) => sum + count, 0);
}

function reportedPunchOf({ deviceUserId, ...punch }: OrderedPunch): ReportedPunch {
  return { ...punch, deviceUserId: deviceUserId as DeviceUserId };
}
