import { deviceView, DevicesService } from '@app/devices';
import { administrator, formatWallTime } from '@app/kernel';
import { type TargetOptions } from '../commands/target-options.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, tell } from '../output.js';
import { runCommand } from '../run-command.js';

interface AddOptions extends TargetOptions {
  readonly name: string;
  readonly address: string;
  readonly timeZone?: string;
  readonly json?: boolean;
}

export const add = (options: AddOptions): Promise<void> =>
  runCommand(options, ({ json }) =>
    withServices(async (app) => {
      const { device: added, userCount, deviceTime } = await app.get(DevicesService).add(options, administrator('cli'));
      const clock = formatWallTime(deviceTime);
      if (json) printJson({ ...deviceView(added), user_count: userCount, device_time: clock });
      else {
        const { model, serialNumber, firmware } = added;
        printData(
          `Registered as device ${added.id}, "${added.slug}": ${model ?? 'unknown model'}, serial ${serialNumber}`,
        );
        printData(`Firmware ${firmware ?? 'unknown'}, ${userCount} users on it, its clock shows ${clock}`);
        tell(`Next: holdfast sync ${added.slug}   (or wait for the next scheduled run)`);
      }
      return ExitCode.DONE;
    }),
  );
