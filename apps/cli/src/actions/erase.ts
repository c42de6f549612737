import {
  type ErasureDetailView,
  erasureDetailView,
  type ErasureRequest,
  Erasures,
  HeldBackupsService,
} from '@app/backup';
import { DevicesService } from '@app/devices';
import { administrator, AppError, canonicalDeviceUserId, type PersonType } from '@app/kernel';
import { type INestApplicationContext } from '@nestjs/common';
import { confirmByTyping } from '../confirm.js';
import { withServices } from '../context.js';
import { ExitCode } from '../exit-code.js';
import { printData, printJson, table, tell } from '../output.js';
import { rowId } from '../row-id.js';
import { runCommand } from '../run-command.js';

interface EraseOptions {
  readonly person?: string;
  readonly type?: PersonType;
  readonly reason: string;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Who is to be erased, and what has to be typed to say that it is meant. */
interface Chosen {
  readonly who: Pick<ErasureRequest, 'deviceId' | 'deviceUserId' | 'person'>;
  readonly called: string;
  readonly typed: string;
}

export const eraseUser = (device: string | undefined, user: string | undefined, options: EraseOptions): Promise<void> =>
  runCommand(options, ({ json, signal }) =>
    withServices(async (app) => {
      const { who, called, typed } = await choose(app, device, user, options);
      const question = `Type ${typed} to erase ${called} for good: `;
      if (!options.yes) await confirmByTyping(question, typed, signal);
      const request = { ...who, reason: options.reason, actor: administrator('cli'), signal };
      const erased = await app.get(Erasures).erase(request);
      const held = app.get(HeldBackupsService);
      const views = await Promise.all(
        erased.map(async (erasure) => erasureDetailView(erasure, await held.heldBy(erasure))),
      );
      if (json) printJson({ erasures: views });
      else print(views);
      if (signal.aborted) return ExitCode.INTERRUPTED;
      return views.every(isOff) ? ExitCode.DONE : ExitCode.SOME_FAILED;
    }),
  );

/** It is not said who is to be erased, or said twice. */
class EraseUsageError extends AppError {
  readonly code = 'cli/erase-whom';
  readonly kind = 'invalid';

  constructor() {
    super('Say who is to be erased: `erase <device> <user>`, or `erase --person <id> --type <type>`');
  }
}

async function choose(
  app: INestApplicationContext,
  wanted: string | undefined,
  user: string | undefined,
  { person, type }: EraseOptions,
): Promise<Chosen> {
  if (person !== undefined && type !== undefined && wanted === undefined)
    return { who: { person: { personId: rowId(person), personType: type } }, called: `the ${type}`, typed: person };
  if (person !== undefined || type !== undefined || wanted === undefined || user === undefined)
    throw new EraseUsageError();
  const { id: deviceId, name } = await app.get(DevicesService).resolve(wanted);
  const deviceUserId = canonicalDeviceUserId(user);
  return { who: { deviceId, deviceUserId }, called: `this user of "${name}"`, typed: deviceUserId };
}

function isOff({ live_state: state }: ErasureDetailView): boolean {
  return state === 'removed' || state === 'absent';
}

function print(views: readonly ErasureDetailView[]): void {
  const rows = views.map((view) => [
    view.id,
    view.device_id,
    view.device_user_id,
    view.live_state,
    view.live_error,
    view.held_by.count,
    view.held_by.gone_at?.toISOString() ?? view.held_by.kept_because,
  ]);
  printData(table(['erasure', 'device', 'user', 'on the terminal', 'why', 'backups', 'until'], rows));
  if (views.some(({ live_state: state }) => state === 'pending'))
    tell(
      'What is pending is tried again by the server every ten minutes; nobody is brought back from a backup meanwhile',
    );
}
