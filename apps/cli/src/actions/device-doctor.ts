import { DevicesService } from '@app/devices';
import { withServices } from '../context.js';
import { checkText } from '../doctor/check-text.js';
import { type Check } from '../doctor/check.js';
import { deviceChecks } from '../doctor/device-checks.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson } from '../output.js';
import { runCommand } from '../run-command.js';

export const doctorDevice = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const device = await app.get(DevicesService).resolve(wanted);
      const checks: Check[] = [];
      for await (const check of deviceChecks(app, device, signal)) {
        checks.push(check);
        if (!json) printData(checkText(check));
      }
      const isWell = checks.every(({ verdict }) => verdict !== 'failed');
      if (json) printJson({ device_id: device.id, name: device.name, ok: isWell, checks });
      if (signal.aborted) return ExitCode.INTERRUPTED;
      if (isWell) return ExitCode.DONE;
      return checks.some(({ name, verdict }) => name === 'read' && verdict === 'failed')
        ? ExitCode.DEVICE
        : ExitCode.FAILED;
    }),
  );
