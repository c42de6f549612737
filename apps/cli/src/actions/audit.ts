import { readFile } from 'node:fs/promises';
import { AuditChain, type ChainReport, KeptHeadsError, parseKeptHeads, type StreamEnd } from '@app/audit';
import { snakeCased } from '@app/http';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';

const PROGRESS_EVERY = 100_000;

export const verify = (options: { kept?: string; json?: boolean }): Promise<void> =>
  runCommand(options, async ({ json, signal, whenInterrupted }) => {
    const kept = options.kept === undefined ? [] : await readKept(options.kept);
    return withServices(async (app) => {
      let checked = 0;
      whenInterrupted(
        () => `${checked} entries were checked and are as they were written, the others were not checked`,
      );
      const told = tellProgress();
      const onProgress = (entries: number): void => {
        signal.throwIfAborted();
        checked = entries;
        told(entries);
      };
      const report = await app.get(AuditChain).verify({ onProgress, kept });
      if (json) printJson(documentOf(report));
      else printReport(report);
      return report.intact ? ExitCode.DONE : ExitCode.FAILED;
    });
  });

async function readKept(file: string): Promise<StreamEnd[]> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new KeptHeadsError(cause.message, { cause });
  });
  return parseKeptHeads(text);
}

function tellProgress(): (checked: number) => void {
  let told = 0;
  return (checked) => {
    if (checked < told + PROGRESS_EVERY) return;
    told = checked;
    tell(`${checked} entries checked …`);
  };
}

function printReport({ intact, entries, blocks, heads, defects }: ChainReport): void {
  if (intact) {
    printData(`The audit log is intact: ${entries} entries in ${blocks} blocks of ${heads.length} streams.`);
    return;
  }
  for (const { stream, block, reason, entryIds } of defects) {
    const where = stream === null ? 'outside of all streams' : `stream ${stream}, first bad block ${block}`;
    const shown = entryIds.slice(0, 10).join(', ');
    const rest = entryIds.length > 10 ? ` and ${entryIds.length - 10} more` : '';
    printData(`BAD  ${where}: ${reason}${entryIds.length > 0 ? ` (entries ${shown}${rest})` : ''}`);
  }
  printData('The audit log is NOT as it was written. Keep the database as it is and compare it with a backup.');
}

function documentOf({ intact, entries, blocks, defects, heads }: ChainReport): unknown {
  return { intact, entries, blocks, defects: snakeCased(defects), heads };
}
