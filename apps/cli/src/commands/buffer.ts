import { snakeCased } from '@app/http';
import { administrator } from '@app/kernel';
import { PopulateBuffer, type PopulatedDevice, type PopulateTotals } from '@app/sync-services';
import { type Command } from 'commander';
import { withServices } from '../context.js';
import { ExitCode, exitCodeOf } from '../exit-code.js';
import { errorDocument, printData, printJson, table, tell } from '../output.js';
import { ReadProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';

interface PopulateOptions {
  readonly device: readonly string[];
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `holdfast buffer …` */
export function addBufferCommands(program: Command): void {
  const buffer = program.command('buffer').description('the users met on terminals');
  buffer
    .command('populate')
    .description('read terminals and buffer every unmapped user (requirement 10); safe to repeat')
    .option('--device <name>', 'only this one, by id, short name or name; may be repeated', collect, [])
    .option('--dry-run', 'read and count, write nothing')
    .option('--json', 'one JSON document on standard output')
    .action((options: PopulateOptions) => runCommand(options, ({ json, signal }) => populate(options, json, signal)));
}

async function populate(options: PopulateOptions, json: boolean, signal: AbortSignal): Promise<ExitCode> {
  return withServices(async (app) => {
    const done: PopulatedDevice[] = [];
    let bar: ReadProgressBar | undefined;
    const run = app.get(PopulateBuffer).run({
      devices: options.device,
      dryRun: options.dryRun === true,
      actor: administrator('cli'),
      signal,
      onProgress: (device, progress) => (bar ??= new ReadProgressBar(device.name)).show(progress),
    });
    for await (const populated of run) {
      bar?.end();
      bar = undefined;
      done.push(populated);
      tell(`${populated.device.name}: ${populated.error ? populated.error.message : 'complete'}`);
    }
    if (json) printJson(populateDocument(done, options.dryRun === true));
    else printTotals(done);
    return signal.aborted ? ExitCode.INTERRUPTED : exitCodeFor(done);
  });
}

function printTotals(done: readonly PopulatedDevice[]): void {
  const rows = done.map(({ device, totals }) => [device.name, ...cells(totals)]);
  const succeeded = done.flatMap(({ totals }) => totals ?? []);
  if (succeeded.length > 1) rows.push(['together', ...cells(sumOf(succeeded))]);
  printData(table(['device', 'read', 'mapped', 'unmapped', 'newly buffered', 'already buffered', 'invalid'], rows));
}

function cells(totals: PopulateTotals | undefined): (string | number)[] {
  if (!totals) return ['no complete read', '', '', '', '', ''];
  return [totals.read, totals.mapped, totals.unmapped, totals.newlyBuffered, totals.alreadyBuffered, totals.invalid];
}

function sumOf(all: readonly PopulateTotals[]): PopulateTotals {
  const sum = (field: keyof PopulateTotals): number => all.reduce((total, totals) => total + totals[field], 0);
  return {
    read: sum('read'),
    mapped: sum('mapped'),
    unmapped: sum('unmapped'),
    newlyBuffered: sum('newlyBuffered'),
    alreadyBuffered: sum('alreadyBuffered'),
    invalid: sum('invalid'),
  };
}

function populateDocument(done: readonly PopulatedDevice[], dryRun: boolean): unknown {
  const devices = done.map(({ device, totals, error }) => ({
    device_id: device.id,
    name: device.name,
    complete: error === undefined,
    ...(error ? errorDocument(error) : { totals: snakeCased(totals) }),
  }));
  return { dry_run: dryRun, devices, totals: snakeCased(sumOf(done.flatMap(({ totals }) => totals ?? []))) };
}

/** A record that cannot be a user could not be processed, so a script must hear of it too. */
function exitCodeFor(done: readonly PopulatedDevice[]): ExitCode {
  const errors = done.flatMap(({ error }) => error ?? []);
  if (errors.length === 0)
    return done.some(({ totals }) => totals && totals.invalid > 0) ? ExitCode.SOME_FAILED : ExitCode.DONE;
  return errors.length < done.length ? ExitCode.SOME_FAILED : exitCodeOf(errors[0]);
}

function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
