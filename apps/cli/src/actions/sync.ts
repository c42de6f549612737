import { DevicesService } from '@app/devices';
import { administrator } from '@app/kernel';
import { DirectMachineSync, SyncRunJournal, syncRunView } from '@app/sync-services';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { ReadProgressBar } from '../progress.js';
import { runCommand } from '../run-command.js';

export const syncDevice = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal, whenInterrupted }) =>
    withServices(async (app) => {
      const device = await app.get(DevicesService).resolve(wanted);
      whenInterrupted(() => `nothing of what "${device.name}" told is stored; the next run reads it again`);
      const bar = new ReadProgressBar(device.name);
      const watch = { signal, onProgress: bar.show };
      const run = await app
        .get(DirectMachineSync)
        .syncNow(device, { actor: administrator('cli'), ...watch })
        .finally(bar.end);
      if (json) printJson(syncRunView(await app.get(SyncRunJournal).get(run.runId)));
      else {
        const { read, mapped, unmapped, newlyBuffered } = run.totals;
        printData(
          `${device.name}: ${read} users read with proof, ${mapped} mapped, ${unmapped} unmapped, ${newlyBuffered} newly buffered`,
        );
        if (run.punches) printData(`${run.punches.read} punches read with proof, ${run.punches.imported} of them new`);
      }
      if (run.punchFailure) tell(`holdfast: the punches were not imported: ${run.punchFailure.message}`);
      return run.punchFailure ? ExitCode.SOME_FAILED : ExitCode.DONE;
    }),
  );
