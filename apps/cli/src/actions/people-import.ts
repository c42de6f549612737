import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { administrator, AppError, type PersonType } from '@app/kernel';
import { type ImportReport, importReportView, PeopleImport } from '@app/people';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { ImportProgressBar } from '../import-progress.js';
import { printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

interface ImportCommandOptions {
  readonly dryRun?: boolean;
  readonly defaultType?: PersonType;
  readonly deactivateMissing?: boolean;
  readonly confirmDeactivations?: number;
  readonly allOrNothing?: boolean;
  readonly json?: boolean;
}

export const importPeople = (path: string, options: ImportCommandOptions): Promise<void> =>
  runCommand(options, async ({ json, signal, whenInterrupted }) => {
    whenInterrupted(() => 'nobody was made or changed');
    const { size } = await stat(path).catch((error: unknown) => {
      throw new FileUnreadableError(path, error);
    });
    return withServices(async (app) => {
      const bar = new ImportProgressBar(size);
      const report = await app
        .get(PeopleImport)
        .importCsv(contentsOf(path), { ...options, actor: administrator('cli'), signal, onProgress: bar.show })
        .finally(bar.end);
      if (json) printJson(importReportView(report));
      else printReport(report);
      return report.totals.refused > 0 ? ExitCode.SOME_FAILED : ExitCode.DONE;
    });
  });

/** The file cannot be opened. */
class FileUnreadableError extends AppError {
  readonly code = 'people/file-unreadable';
  readonly kind = 'invalid';

  constructor(path: string, cause: unknown) {
    super(
      `${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); mend path or permissions`,
      {
        cause,
      },
    );
  }
}

async function* contentsOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new FileUnreadableError(path, error);
  }
}

function printReport({ dryRun, applied, totals, rows, rowsLeftOut }: ImportReport): void {
  const refused = rows.filter(({ outcome }) => outcome === 'refused');
  if (refused.length > 0) {
    const cells = refused.map(({ line, externalReference, reason }) => [line, externalReference, reason]);
    printData(table(['line', 'reference', 'refused because'], cells));
  }
  if (totals.refused > refused.length) tell(`holdfast: ${totals.refused - refused.length} more rows are refused`);
  const { created, updated, unchanged, deactivated } = totals;
  const counts = `${created} created, ${updated} updated, ${unchanged} unchanged, ${totals.refused} refused, ${deactivated} deactivated`;
  printData(`${totals.rows} rows: ${counts}`);
  if (rowsLeftOut > 0) tell(`holdfast: the report names the first ${rows.length} rows only`);
  if (dryRun) printData('This was a dry run: nothing was changed.');
  else if (!applied) printData('Nothing was changed, since rows are refused.');
}
