import { DeviceUserAuditService } from '@app/audit';
import { AppConfig } from '@app/config';
import { type Tx } from '@app/database';
import { type Actor } from '@app/kernel';
import { Injectable, Logger } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { DataSource, type Repository } from 'typeorm';
import { type AasEmployee } from './aas-contents.js';
import { AasEmployeeRow, AasRead } from './aas-read.entity.js';
import { AasReader, type ProvenAasFile } from './aas-reader.js';
import { type AasSource, findAasSources } from './aas-sources.js';
import { type AasFileError } from './aas.errors.js';

/** Under which settings a look happened, and in whose name. */
export interface AasLookNotes {
  readonly settings: string;
  readonly actor: Actor;
}

/** Follows the AAS file of the configuration: which files are worth a look, what they held, why they were refused. */
@Injectable()
export class AasService {
  static readonly serviceName = 'aasRealtimeSync';
  private readonly logger = new Logger(AasService.name);

  constructor(
    private readonly config: AppConfig,
    private readonly reader: AasReader,
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
    @InjectRepository(AasRead) private readonly reads: Repository<AasRead>,
    @InjectRepository(AasEmployeeRow) private readonly employees: Repository<AasEmployeeRow>,
  ) {}

  /** Where AAS's files are; undefined: no AAS is followed. */
  get path(): string | undefined {
    return this.config.aasPath;
  }

  /** Which clocks the configuration gives to which devices, as it names them. */
  get clocks(): Readonly<Record<string, string>> {
    const pairs = (this.config.aasDevices ?? '').split(',').filter((pair) => pair.trim() !== '');
    return Object.fromEntries(pairs.map((pair) => pair.split('=').map((part) => part.trim())));
  }

  /**
   * The files that are not as they were at the last look, or were looked at under other settings.
   * @throws {AasFileError} there is nothing to look at
   */
  async findChanged(settings: string): Promise<AasSource[]> {
    if (this.path === undefined) return [];
    const sources = await findAasSources(this.path);
    const last = await Promise.all(sources.map((source) => this.lastLook(source.path)));
    return sources.filter((source, i) => last[i]?.settings !== settings || !isSameFile(last[i], source));
  }

  /** What a look depends on besides the file: whether there is a password, and whose clocks are whose. */
  settingsWith(clocks: Readonly<Record<string, string>>): string {
    const order = Object.entries(clocks).toSorted(([a], [b]) => (a < b ? -1 : 1));
    return JSON.stringify({ clocks: Object.fromEntries(order), password: this.config.aasPassword !== undefined });
  }

  /** Reads and proves a file. @throws {AasFileError} */
  async open(
    source: AasSource,
    options: { readonly clocks: Readonly<Record<string, string>>; readonly signal?: AbortSignal },
  ): Promise<ProvenAasFile> {
    return this.reader.open(source, { ...options, password: this.config.aasPassword });
  }

  /** Notes a file that was read and used, and the people in it. */
  async recordRead(
    source: AasSource,
    { summary }: ProvenAasFile,
    look: AasLookNotes & { readonly punchesImported: number; readonly punchesWithoutDevice: number },
  ): Promise<void> {
    const { settings, actor, punchesImported, punchesWithoutDevice } = look;
    const punches = Object.values(summary.punches).reduce((sum, count) => sum + count, 0);
    const warnings = [...summary.warnings, ...(await this.signsOfReplacement(source, punches))];
    if (punchesWithoutDevice > 0)
      warnings.push(`${punchesWithoutDevice} punches are of clocks that AAS_DEVICES gives to no registered device`);
    await this.dataSource.transaction(async (tx) => {
      await tx.insert(AasRead, {
        ...placeOf(source),
        settings,
        sha256: summary.sha256,
        outcome: 'read',
        employees: summary.employees.length,
        punches,
        punchesImported,
        warnings,
      });
      await storeEmployees(tx, summary.employees);
      await this.audit.logOperation(tx, {
        operation: 'aas_file_read',
        performedBy: actor,
        serviceName: AasService.serviceName,
        details: {
          role: source.role,
          sha256: summary.sha256,
          employees: summary.employees.length,
          punches,
          punches_imported: punchesImported,
          punches_without_device: punchesWithoutDevice,
        },
      });
    });
    for (const warning of warnings)
      this.logger.warn({ msg: 'AAS file', role: source.role, path: source.path, warning });
  }

  /** Notes a file of which nothing was used, and why; each state of a file is told once. */
  async recordRefusal(source: AasSource | undefined, error: AasFileError, look: AasLookNotes): Promise<void> {
    const { settings, actor } = look;
    const path = source?.path ?? this.path ?? '';
    const last = await this.lastLook(path);
    if (last?.errorCode === error.code && last.settings === settings && (!source || isSameState(last, source))) return;
    const { code, message: reason } = error;
    await this.dataSource.transaction(async (tx) => {
      const place = source ? placeOf(source) : { path, role: null, sizeBytes: null, modifiedAt: null };
      await tx.insert(AasRead, {
        ...place,
        settings,
        outcome: 'refused',
        errorCode: code,
        errorMessage: reason,
        warnings: [],
      });
      await this.audit.logOperation(tx, {
        operation: 'aas_file_refused',
        performedBy: actor,
        serviceName: AasService.serviceName,
        details: { role: source?.role ?? null, code, reason },
      });
    });
    this.logger.warn({ msg: 'AAS file refused; nothing of it was used', role: source?.role, path, code, reason });
  }

  /** The newest looks, newest first. */
  async listReads(limit: number): Promise<AasRead[]> {
    return this.reads.find({ order: { id: 'DESC' }, take: limit });
  }

  /** The people of the newest file, in the order of their keys. */
  async listEmployees(): Promise<AasEmployeeRow[]> {
    return this.employees.find({ order: { employeeId: 'ASC' } });
  }

  private async lastLook(path: string): Promise<AasRead | undefined> {
    return (await this.reads.findOne({ where: { path }, order: { id: 'DESC' } })) ?? undefined;
  }

  private async signsOfReplacement(source: AasSource, punches: number): Promise<string[]> {
    const before = await this.reads.findOne({ where: { path: source.path, outcome: 'read' }, order: { id: 'DESC' } });
    if (!before || (before.punches ?? 0) <= punches) return [];
    return [
      `it holds ${punches} punches and held ${before.punches} before: it was replaced or cleared; what was imported stays`,
    ];
  }
}

async function storeEmployees(tx: Tx, employees: readonly AasEmployee[]): Promise<void> {
  await tx.query(
    `insert into aas_employees (employee_id, device_user_id, name, end_date, last_read_at)
     select distinct on (employee_id) employee_id, device_user_id, name, end_date, clock_timestamp()
       from unnest($1::text[], $2::text[], $3::text[], $4::date[]) as e (employee_id, device_user_id, name, end_date)
     on conflict (employee_id) do update set device_user_id = excluded.device_user_id, name = excluded.name,
       end_date = excluded.end_date, last_read_at = excluded.last_read_at`,
    [
      employees.map(({ employeeId }) => employeeId),
      employees.map(({ deviceUserId }) => deviceUserId),
      employees.map(({ name }) => name),
      employees.map(({ endDate }) => endDate),
    ],
  );
}

/** What may pass by itself is looked at again; everything else only once the file is another. */
function isSameFile(last: AasRead | undefined, source: AasSource): boolean {
  const mayPass = last?.errorCode === 'aas/file-changing' || last?.errorCode === 'aas/reader-crashed';
  return last !== undefined && !mayPass && isSameState(last, source);
}

function isSameState(last: AasRead, source: AasSource): boolean {
  return last.sizeBytes === String(source.sizeBytes) && last.modifiedAt?.getTime() === source.modifiedAt.getTime();
}

function placeOf({
  path,
  role,
  sizeBytes,
  modifiedAt,
}: AasSource): Pick<AasRead, 'path' | 'role' | 'sizeBytes' | 'modifiedAt'> {
  return { path, role, sizeBytes: String(sizeBytes), modifiedAt };
}
