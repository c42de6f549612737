import {
  aifacePunchOf,
  AifaceTerminal,
  inventAifaceUsers,
  inventPunches,
  inventTemplates,
  inventUsers,
  ZkTerminal,
} from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { type Device, DevicesService } from '@app/devices';
import { type DialInAddress, PendingTerminalsService } from '@app/dial-in';
import { AppError, systemActor } from '@app/kernel';
import { type FinishedRun, MachineSyncService } from '@app/sync-services';
import { type INestApplicationContext } from '@nestjs/common';

const SEED = 4370;
/** The same punches at every start, so that a restart imports none twice. */
const DAYS = 10;
const UNTIL = new Date('2026-02-01T00:00:00Z');
const ZK_USERS = 250;
/** Not 4370, which a person may want for an emulated terminal of his own. */
const PREFERRED_ZK_PORT = 14370;
const AIFACE_USERS = 60;
const AIFACE_SERIAL = 'DEMO00007788';
const AIFACE_REDIAL_MS = 500;

/** A demo terminal that was started: what to call it, and what its first read came to. */
export interface ShownDemo {
  readonly device: Device;
  readonly where: string;
  readonly run: FinishedRun | AppError;
}

/**
 * Emulated terminals with invented people, one of each kind, so that a first start has something to show. They are
 * registered as demos, speak over real sockets on loopback, and are the same at every start.
 */
export class DemoTerminals {
  private readonly terminals: { stop(): Promise<void> }[] = [];
  private readonly devices: DevicesService;

  constructor(private readonly app: INestApplicationContext) {
    this.devices = app.get(DevicesService);
  }

  /**
   * Starts and reads them where the only devices, if any, are demos; elsewhere old demos are put to rest. That one could
   * not be read now is no reason not to start.
   */
  async show(allowed: boolean, dialIn: DialInAddress, canDialIn: boolean): Promise<ShownDemo[]> {
    const registered = await this.devices.list();
    const known = registered.filter(({ isDemo }) => isDemo);
    if (!allowed || registered.some(({ isDemo }) => !isDemo)) {
      for (const { id } of known) await this.devices.updateDemo(id, 'resting');
      return [];
    }
    const zk = await this.startZk(known.find(({ driver }) => driver === 'zk'));
    const shown = [await this.read(zk, `at ${zk.host}:${zk.port}`)];
    if (!canDialIn) return shown;
    const aiface = await this.startAiface(
      known.find(({ driver }) => driver === 'aiface'),
      dialIn,
    );
    return [...shown, await this.read(aiface, `dialling in to port ${dialIn.port}`)];
  }

  async stop(): Promise<void> {
    for (const terminal of this.terminals.splice(0)) await terminal.stop();
  }

  private async read(device: Device, where: string): Promise<ShownDemo> {
    try {
      return { device, where, run: await this.app.get(MachineSyncService).syncDevice(device, systemActor) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { device, where, run: error };
    }
  }

  private async startZk(known: Device | undefined): Promise<Device> {
    const terminal = await startZkTerminal(known?.port ?? PREFERRED_ZK_PORT);
    this.terminals.push(terminal);
    if (known) {
      await this.devices.updateDemo(known.id, { port: terminal.port });
      return this.devices.get(known.id);
    }
    const { device } = await this.devices.add(
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

  /** It dials in like a real one: unknown at first, then adopted, then admitted. */
  private async startAiface(known: Device | undefined, { host, port }: DialInAddress): Promise<Device> {
    if (known) await this.devices.updateDemo(known.id, 'awake');
    const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
    const users = inventAifaceUsers({ count: AIFACE_USERS, seed: SEED + 1 });
    const people = inventUsers({ count: AIFACE_USERS, seed: SEED + 1 });
    const terminal = AifaceTerminal.start({
      server: `ws://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`,
      serialNumber: AIFACE_SERIAL,
      users,
      punches: inventPunches(people, { days: DAYS, until: UNTIL, seed: SEED + 1 }).map(aifacePunchOf),
      redialMs: AIFACE_REDIAL_MS,
    });
    this.terminals.push(terminal);
    let device = known;
    if (!device) {
      await terminal.until(() => terminal.refusedBecause !== undefined);
      const adoption = { name: 'Demo AI06', timeZone: 'UTC', isDemo: true };
      device = await this.app.get(PendingTerminalsService).adopt(AIFACE_SERIAL, adoption, systemActor);
    }
    const gateway = this.app.get(DeviceGateway);
    await terminal.until(() => terminal.isRegistered && gateway.isConnected(AIFACE_SERIAL));
    return device;
  }
}

async function startZkTerminal(port: number): Promise<ZkTerminal> {
  const users = inventUsers({ count: ZK_USERS, seed: SEED });
  const options = {
    users,
    templates: inventTemplates(users, SEED),
    punches: inventPunches(users, { days: DAYS, until: UNTIL, seed: SEED }),
    serialNumber: 'DEMO00004370',
    deviceName: 'Demo terminal (emulated)',
    connections: 'many' as const,
  };
  try {
    return await ZkTerminal.start({ ...options, port });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    return ZkTerminal.start({ ...options, port: 0 });
  }
}
