import { DevicesService } from '@app/devices';
import { withServices } from '../context.js';
import { deviceChecks } from '../doctor/device-checks.js';
import { showChecks } from '../doctor/show-checks.js';
import { ExitCode } from '../exit-code.js';
import { printJson } from '../output.js';
import { runCommand } from '../run-command.js';

export const doctorDevice = (wanted: string, options: { json?: boolean }): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const device = await app.get(DevicesService).resolve(wanted);
      const checks = await showChecks(deviceChecks(app, device, signal), json);
      const isWell = checks.every(({ verdict }) => verdict !== 'failed');
      if (json) printJson({ device_id: device.id, name: device.name, ok: isWell, checks });
      if (signal.aborted) return ExitCode.INTERRUPTED;
      if (isWell) return ExitCode.DONE;
      return checks.some(({ name, verdict }) => name === 'read' && verdict === 'failed')
        ? ExitCode.DEVICE
        : ExitCode.FAILED;
    }),
  );
