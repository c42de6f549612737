import { DeviceUserAuditService } from '@app/audit';
import { type Tx } from '@app/database';
import { type Actor, type PersonType } from '@app/kernel';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { personEntry } from '../people-audit.js';
import { FileSource } from './file-source.js';
import { ImportSession } from './import-session.js';
import { MissingUncertainError, PeopleFileError, TooManyDeactivationsError } from './people-import.errors.js';
import { readPeopleCsv } from './people-csv.js';
import { type PersonRow } from './person-row.js';
import { type MissingCount, type RowResult, type RowTotals, type StagedPeople } from './staged-people.js';

/** Rows per statement while a file arrives. */
const BATCH = 2_000;
/** More rows than this are several files: all of them are merged in one transaction. */
const MOST_ROWS = 200_000;
/** Rows that a report tells of at most. */
export const LONGEST_REPORT = 1_000;
/** More missing people than this, and more than this share of all, need a confirmation. */
const FEW_MISSING = 10;
const FEW_MISSING_SHARE = 0.2;

export interface ImportOptions {
  readonly actor: Actor;
  /** Tells what would happen and changes nothing. */
  readonly dryRun?: boolean;
  /** Changes nothing if any row is refused. */
  readonly allOrNothing?: boolean;
  /** Of rows that tell no type. */
  readonly defaultType?: PersonType;
  /** Deactivates people of the types in the file whose external reference is not in it. */
  readonly deactivateMissing?: boolean;
  /** Exactly how many that will be. */
  readonly confirmDeactivations?: number;
  readonly onProgress?: (progress: ImportProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ImportProgress {
  readonly stage: 'receiving' | 'merging';
  readonly receivedBytes: number;
  readonly rows: number;
}

/** What an import did, or would do. */
export interface ImportReport {
  readonly dryRun: boolean;
  /** Whether anything was kept: not of a dry run, and not of a refused all or nothing. */
  readonly applied: boolean;
  readonly fileSha256: string;
  readonly fileBytes: number;
  readonly totals: RowTotals & { readonly rows: number };
  /** Every row in which something happened, up to a bound; the deactivated, who are in no row, last. */
  readonly rows: readonly RowResult[];
  readonly rowsLeftOut: number;
}

/** Imports people from a CSV file: all rows are read and checked first, and merged in one transaction at the end. */
@Injectable()
export class PeopleImport {
  constructor(
    private readonly dataSource: DataSource,
    private readonly audit: DeviceUserAuditService,
  ) {}

  /**
   * Takes a file that is still arriving. A dry run does the same and takes it back, so that it tells what will happen. Safe
   * to repeat. What fails, or ends before the file does, leaves nothing behind.
   * @throws {ImportRunningError} @throws {PeopleFileError} @throws {PeopleBusyError}
   * @throws {TooManyDeactivationsError} @throws {MissingUncertainError}
   */
  async importCsv(source: AsyncIterable<Buffer>, options: ImportOptions): Promise<ImportReport> {
    await using session = await ImportSession.open(this.dataSource);
    const file = new FileSource(source, options.signal);
    const rows = await this.stage(session.staged, file, options);
    options.onProgress?.({ stage: 'merging', receivedBytes: file.receivedBytes, rows });
    options.signal?.throwIfAborted();
    const identity = { fileSha256: file.sha256(), fileBytes: file.receivedBytes };
    return await session.merge(async (tx) => {
      const refused = await session.staged.refuse();
      const missing = options.deactivateMissing ? await this.missingOf(session.staged, options) : undefined;
      await session.staged.apply();
      if (missing) await this.deactivate(session.staged, missing, options);
      const keep = options.dryRun !== true && !(options.allOrNothing === true && refused > 0);
      const result = {
        dryRun: options.dryRun === true,
        applied: keep,
        ...identity,
        ...(await report(session.staged, rows)),
      };
      if (keep) await this.auditImport(tx, session.staged, result, options);
      return { result, keep };
    });
  }

  private async stage(staged: StagedPeople, file: FileSource, options: ImportOptions): Promise<number> {
    let rows = 0;
    let batch: PersonRow[] = [];
    const flush = async (): Promise<void> => {
      if (batch.length > 0) await staged.add(batch);
      rows += batch.length;
      batch = [];
      options.onProgress?.({ stage: 'receiving', receivedBytes: file.receivedBytes, rows });
    };
    for await (const row of readPeopleCsv(file.chunks(), options)) {
      if (rows + batch.length === MOST_ROWS) {
        throw new PeopleFileError(
          'people/file-too-large',
          `The file has more than ${MOST_ROWS} rows; cut it into several`,
        );
      }
      batch.push(row);
      if (batch.length === BATCH) await flush();
    }
    await flush();
    return rows;
  }

  /** @throws {MissingUncertainError} a row could be anybody's */
  private async missingOf(staged: StagedPeople, options: ImportOptions): Promise<MissingCount> {
    const { lines, count } = await staged.findAnonymous();
    if (count > 0) throw new MissingUncertainError(lines, count);
    const missing = await staged.countMissing();
    refuseMany(missing, options.confirmDeactivations);
    return missing;
  }

  private async deactivate(staged: StagedPeople, counted: MissingCount, options: ImportOptions): Promise<void> {
    const missing = await staged.deactivateMissing();
    refuseMany({ ...counted, missing }, options.confirmDeactivations); // somebody may have been made meanwhile
  }

  private async auditImport(tx: Tx, staged: StagedPeople, result: ImportReport, options: ImportOptions): Promise<void> {
    const { fileSha256, fileBytes, totals } = result;
    const details = {
      format: 'csv',
      file_sha256: fileSha256,
      file_bytes: fileBytes,
      ...totals,
      deactivate_missing: options.deactivateMissing === true,
      all_or_nothing: options.allOrNothing === true,
    };
    // The file does not name whom it lacks, so that the log has to.
    const left = (await staged.changed(['deactivated'])).map(({ personId, personType }) =>
      personEntry('person_changed', options.actor, {
        person_id: personId,
        person_type: personType,
        changes: { active: { from: true, to: false } },
        reason: 'missing from the imported file',
        file_sha256: fileSha256,
      }),
    );
    await this.audit.logOperations(tx, [personEntry('people_imported', options.actor, details), ...left]);
  }
}

async function report(
  staged: StagedPeople,
  count: number,
): Promise<Pick<ImportReport, 'totals' | 'rows' | 'rowsLeftOut'>> {
  const totals = { rows: count, ...(await staged.totals()) };
  const rows = await staged.notable(LONGEST_REPORT);
  const { created, updated, refused, deactivated } = totals;
  return { totals, rows, rowsLeftOut: created + updated + refused + deactivated - rows.length };
}

/** @throws {TooManyDeactivationsError} the number is large and not confirmed, or not the confirmed one */
function refuseMany({ missing, of }: MissingCount, confirmed: number | undefined): void {
  const isMany = missing > FEW_MISSING && missing > FEW_MISSING_SHARE * of;
  if (confirmed === undefined ? isMany : confirmed !== missing) {
    throw new TooManyDeactivationsError({ missing, of, confirmed });
  }
}
