import { snakeCased } from '@app/http';
import { administrator } from '@app/kernel';
import { PopulateBuffer, type PopulatedDevice, type PopulateTotals } from '@app/sync-services';
import { withServices } from '../context.js';
import { ExitCode, exitCodeOf } from '../exit-code.js';
import { errorDocument, printable, printData, printJson, table, tell } from '../output.js';
import { ReadProgressBar } from '../progress.js';
import { type CommandRun, runCommand } from '../run-command.js';

export interface PopulateOptions {
  readonly device: readonly string[];
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly json?: boolean;
}

export const populate = (options: PopulateOptions): Promise<void> =>
  runCommand(options, (run) => populateBuffer(options, run));

async function populateBuffer(options: PopulateOptions, { json, signal }: CommandRun): Promise<ExitCode> {
  const dryRun = options.dryRun === true;
  return withServices(async (app) => {
    const done: PopulatedDevice[] = [];
    let terminals = 0;
    let bar: ReadProgressBar | undefined;
    const run = app.get(PopulateBuffer).run({
      devices: options.device,
      dryRun,
      resume: options.resume,
      actor: administrator('cli'),
      signal,
      onBegun: (count) => {
        terminals = count;
        tell(`${dryRun ? 'Trying to read' : 'Reading'} ${count} ${count === 1 ? 'terminal' : 'terminals'}`);
      },
      onProgress: (device, progress) => (bar ??= new ReadProgressBar(printable(device.name))).show(progress),
    });
    for await (const populated of run) {
      bar?.end();
      bar = undefined;
      done.push(populated);
      tell(`${done.length}/${terminals}  ${printable(populated.device.name)}: ${outcomeOf(populated)}`);
    }
    bar?.end();
    if (terminals === 0) tell(nothingToDo(options));
    if (json) printJson(populateDocument(done, dryRun));
    else if (done.length > 0) printTotals(done);
    const finished = done.filter(({ totals }) => totals).length;
    if (finished < terminals && !dryRun) tell(howToGoOn(finished, terminals, signal));
    return signal.aborted ? ExitCode.INTERRUPTED : exitCodeFor(done);
  });
}

function outcomeOf({ totals, error, earlier }: PopulatedDevice): string {
  if (error) return `not read: ${error.message}`;
  const { counted, mapped, newlyBuffered, alreadyBuffered, invalid } = totals;
  const sum = `${counted} on it = ${mapped} mapped + ${newlyBuffered} newly and ${alreadyBuffered} already buffered + ${invalid} invalid`;
  return earlier ? `read before the interruption (${sum})` : `complete: ${sum}`;
}

function nothingToDo({ resume }: PopulateOptions): string {
  return resume
    ? 'There is nothing to go on with: no migration of the buffer is unfinished.'
    : 'There are no terminals: see holdfast device add.';
}

function howToGoOn(finished: number, terminals: number, signal: AbortSignal): string {
  return (
    `${signal.aborted ? 'Interrupted: ' : ''}${finished} of ${terminals} terminals were read and are stored whole, the others not ` +
    'at all. Go on with: holdfast buffer populate --resume'
  );
}

function printTotals(done: readonly PopulatedDevice[]): void {
  const rows = done.map(({ device, totals }) => [device.name, ...cells(totals)]);
  const succeeded = done.flatMap(({ totals }) => totals ?? []);
  if (done.length > 1) rows.push(['together', ...cells(sumOf(succeeded))]);
  const head = ['device', 'on it', 'read', 'mapped', 'unmapped', 'newly buffered', 'already buffered', 'invalid'];
  printData(table(head, rows));
}

function cells(totals: PopulateTotals | undefined): (string | number)[] {
  if (!totals) return ['no complete read', '', '', '', '', '', ''];
  const { counted, read, mapped, unmapped, newlyBuffered, alreadyBuffered, invalid } = totals;
  return [counted, read, mapped, unmapped, newlyBuffered, alreadyBuffered, invalid];
}

function sumOf(all: readonly PopulateTotals[]): PopulateTotals {
  const sum = (field: keyof PopulateTotals): number => all.reduce((total, totals) => total + totals[field], 0);
  return {
    counted: sum('counted'),
    read: sum('read'),
    mapped: sum('mapped'),
    unmapped: sum('unmapped'),
    newlyBuffered: sum('newlyBuffered'),
    alreadyBuffered: sum('alreadyBuffered'),
    invalid: sum('invalid'),
  };
}

function populateDocument(done: readonly PopulatedDevice[], dryRun: boolean): unknown {
  const devices = done.map(({ device, totals, error, earlier }) => ({
    device_id: device.id,
    name: device.name,
    complete: error === undefined,
    ...(error ? errorDocument(error) : { earlier, totals: snakeCased(totals) }),
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
