import { type EmulatedUser, inventPunches, inventTemplates, inventUsers, ZkTerminal } from '@app/device-emulator';
import { type Device, DevicesService } from '@app/devices';
import { AppError, systemActor } from '@app/kernel';
import { type FinishedRun, MachineSyncService } from '@app/sync-services';
import { type INestApplicationContext } from '@nestjs/common';

const DEMO_USERS = 250;
const DEMO_SEED = 4370;
/** The same punches at every start, so that a restart imports none twice. */
const DEMO_DAYS = 10;
const DEMO_UNTIL = new Date('2026-02-01T00:00:00Z');
/** Not 4370, which a person may want for an emulated terminal of his own. */
const PREFERRED_PORT = 14370;

/**
 * An emulated terminal with invented people, so that a first start has something to show. It is registered as a demo,
 * speaks over real sockets on loopback, and is the same at every start.
 */
export class DemoTerminal {
  private constructor(
    readonly terminal: ZkTerminal,
    readonly device: Device,
    private readonly machineSync: MachineSyncService,
  ) {}

  /** Starts it where the only devices, if any, are demos; elsewhere an old demo is put to rest. */
  static async start(app: INestApplicationContext, allowed: boolean): Promise<DemoTerminal | undefined> {
    const devices = app.get(DevicesService);
    const registered = await devices.list();
    const known = registered.find(({ isDemo }) => isDemo);
    if (!allowed || registered.some(({ isDemo }) => !isDemo)) {
      if (known) await devices.updateDemo(known.id, 'resting');
      return undefined;
    }
    const terminal = await startTerminal(known?.port ?? PREFERRED_PORT);
    try {
      const device = known ? await wake(devices, known, terminal) : await register(devices, terminal);
      return new DemoTerminal(terminal, device, app.get(MachineSyncService));
    } catch (error) {
      await terminal.stop();
      throw error;
    }
  }

  /** Reads it like any other terminal; that it could not be read now is no reason not to start. */
  async sync(): Promise<FinishedRun | AppError> {
    try {
      return await this.machineSync.syncDevice(this.device, systemActor);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return error;
    }
  }

  stop(): Promise<void> {
    return this.terminal.stop();
  }
}

async function startTerminal(port: number): Promise<ZkTerminal> {
  const users = inventUsers({ count: DEMO_USERS, seed: DEMO_SEED });
  const options = { ...peopleOf(users), serialNumber: 'DEMO00004370', deviceName: 'Demo terminal (emulated)' };
  try {
    return await ZkTerminal.start({ ...options, connections: 'many', port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return ZkTerminal.start({ ...options, connections: 'many', port: 0 });
  }
}

function peopleOf(
  users: readonly EmulatedUser[],
): Pick<NonNullable<Parameters<typeof ZkTerminal.start>[0]>, 'users' | 'templates' | 'punches'> {
  const punches = inventPunches(users, { days: DEMO_DAYS, until: DEMO_UNTIL, seed: DEMO_SEED });
  return { users, templates: inventTemplates(users, DEMO_SEED), punches };
}

async function register(devices: DevicesService, terminal: ZkTerminal): Promise<Device> {
  const { device } = await devices.add(
    {
      name: 'Demo terminal',
      address: `${terminal.host}:${terminal.port}`,
      driver: 'zk',
      transport: 'tcp',
      encoding: 'utf-8',
      commKey: 0,
      timeZone: 'UTC',
      isDemo: true,
    },
    systemActor,
  );
  return device;
}

async function wake(devices: DevicesService, known: Device, terminal: ZkTerminal): Promise<Device> {
  await devices.updateDemo(known.id, { port: terminal.port });
  return devices.get(known.id);
}
