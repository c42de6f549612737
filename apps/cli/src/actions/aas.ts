import {
  AasFileError,
  AasReader,
  AasService,
  type AasSource,
  type AasSummary,
  findAasSources,
  STANDARD_AAS_WORKER,
} from '@app/aas';
import { AppConfig } from '@app/config';
import { snakeCased } from '@app/http';
import { administrator } from '@app/kernel';
import { AasRealtimeSync } from '@app/sync-services';
import { withServices } from '../context.js';
import { counted } from '../counted.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { runCommand } from '../run-command.js';

export const check = (path: string, options: { password?: string; json?: boolean }): Promise<void> =>
  runCommand(options, async ({ json, signal }) => {
    const reader = new AasReader(STANDARD_AAS_WORKER);
    const password = options.password ?? AppConfig.fromProcess().aasPassword;
    const found: { source: AasSource; summary: AasSummary }[] = [];
    for (const source of await findAasSources(path)) {
      await using file = await reader.open(source, { clocks: {}, password, signal });
      found.push({ source, summary: file.summary });
    }
    if (json) printJson({ proves_presence_on_terminal: false, files: found.map(documentOf) });
    else printFiles(found);
    return ExitCode.DONE;
  });

export const sync = (options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      if (app.get(AasService).path === undefined)
        throw new AasFileError(
          'aas/not-configured',
          'No AAS is followed: set AAS_PATH and AAS_DEVICES, as for the server',
        );
      whenInterrupted(() => 'what was imported until then stays; the next look imports the rest, and nothing twice');
      const totals = await app.get(AasRealtimeSync).syncChanged({ actor: administrator('cli'), signal });
      if (json) printJson(snakeCased(totals));
      else {
        const { filesRead, filesRefused, runsFailed, punchesImported, punchesWithoutDevice } = totals;
        printData(`${counted(filesRead, 'file')} read, ${filesRefused} refused, ${punchesImported} punches imported`);
        if (punchesWithoutDevice > 0)
          tell(
            `holdfast: ${punchesWithoutDevice} punches are of clocks that AAS_DEVICES gives to no registered device; ` +
              'they were left out',
          );
        if (runsFailed > 0)
          tell(`holdfast: ${counted(runsFailed, 'device')} could not be served; the next look tries them again`);
      }
      return totals.filesRefused + totals.runsFailed > 0 ? ExitCode.SOME_FAILED : ExitCode.DONE;
    }),
  );

function printFiles(found: readonly { source: AasSource; summary: AasSummary }[]): void {
  for (const { source, summary } of found) {
    printData(`${source.path} (${source.role}): whole, ${summary.employees.length} employees`);
    const rows = Object.entries(summary.punches).map(([clock, punches]) => [clock, punches]);
    printData(table(['AAS clock', 'punches'], rows));
    for (const warning of summary.warnings) printData(`note: ${warning}`);
  }
  printData('An AAS file tells who is in AAS. It cannot prove who is on a terminal.');
}

function documentOf({ source, summary }: { source: AasSource; summary: AasSummary }): unknown {
  const { sizeBytes, sha256, tables, punches, warnings, employees } = summary;
  const { path, role, modifiedAt } = source;
  const facts = { path, role, size_bytes: sizeBytes, modified_at: modifiedAt.toISOString(), sha256, tables, punches };
  return { ...facts, warnings, employees: snakeCased(employees) };
}
