import { type DrillNeeds, type DrillTerminal, DrillTerminals } from '@app/backup';
import { AifaceTerminal, ZkTerminal } from '@app/device-emulator';
import {
  type Admission,
  AifaceListener,
  AifaceSessions,
  DeviceNetworks,
  type DeviceTarget,
  GATEWAY_TIMEOUTS,
  type GatewayTimeouts,
  TerminalHost,
  type Visitor,
} from '@app/device-gateway';
import { DeviceWriters, SnapshotSources } from '@app/device-writer';
import { Clock, wallTimeFromDate } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';

const HERE = '127.0.0.1';
/** Room besides what the backup holds. */
const SPARE = 1_000;
const MOST_CREDENTIALS = 12;
const REDIAL_MS = 50;

/** Emulated terminals on loopback, in this process, on any free port; nobody else knows of them. */
@Injectable()
export class EmulatedDrillTerminals extends DrillTerminals {
  constructor(
    private readonly writers: DeviceWriters,
    private readonly sources: SnapshotSources,
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
  ) {
    super();
  }

  override async start(needs: DrillNeeds): Promise<DrillTerminal> {
    return needs.header.protocol === 'zk' ? this.startZk(needs) : this.startAiface(needs);
  }

  private async startZk({ header, recordWidth }: DrillNeeds): Promise<DrillTerminal> {
    const terminal = await ZkTerminal.start({
      host: HERE,
      transports: ['tcp'],
      connections: 'many',
      serialNumber: header.serial_number,
      recordWidth: recordWidth === 28 ? 28 : 72,
      userCapacity: header.users + SPARE,
      templateCapacity: header.credentials + SPARE,
      options: { '~ZKFPVersion': header.fingerprint_algorithm ?? '' },
    });
    const target: DeviceTarget = {
      driver: 'zk',
      host: HERE,
      port: terminal.port,
      transport: 'tcp',
      commKey: 0,
      encoding: 'auto',
      expectedSerialNumber: header.serial_number,
    };
    return this.terminalAt(target, new AifaceSessions(), () => terminal.stop());
  }

  /** It dials in to a listener of its own, which lets nobody else in. */
  private async startAiface({ header }: DrillNeeds): Promise<DrillTerminal> {
    const sessions = new AifaceSessions();
    const listener = new AifaceListener(sessions, this.clock, this.timeouts);
    const port = await listener.listen({ host: HERE, port: 0 }, new DrillHost(header.serial_number, this.clock));
    const terminal = AifaceTerminal.start({
      server: `ws://${HERE}:${port}`,
      serialNumber: header.serial_number,
      fingerprintAlgorithm: header.fingerprint_algorithm ?? undefined,
      userCapacity: Math.max(header.users, Math.ceil(header.credentials / MOST_CREDENTIALS)) + SPARE,
      redialMs: REDIAL_MS,
    });
    const stop = async (): Promise<void> => {
      await terminal.stop();
      await listener.stop();
    };
    try {
      await terminal.until(() => terminal.isRegistered && sessions.find(header.serial_number) !== undefined);
    } catch (error) {
      await stop();
      throw error;
    }
    return this.terminalAt(
      { driver: 'aiface', serialNumber: header.serial_number, weakerProof: false },
      sessions,
      stop,
    );
  }

  private terminalAt(target: DeviceTarget, sessions: AifaceSessions, stop: () => Promise<void>): DrillTerminal {
    const networks = new DeviceNetworks([`${HERE}/32`]);
    const [writers, sources] = [this.writers.reaching(sessions, networks), this.sources.reaching(sessions, networks)];
    return {
      openWriter: (signal) => writers.open(target, { signal }),
      copy: (signal) => sources.copy(target, signal),
      [Symbol.asyncDispose]: stop,
    };
  }
}

/** Lets the one emulated terminal in; what it hands over is its own business. */
class DrillHost extends TerminalHost {
  constructor(
    private readonly serialNumber: string,
    private readonly clock: Clock,
  ) {
    super();
  }

  override async admit({ serialNumber }: Visitor): Promise<Admission> {
    if (serialNumber === this.serialNumber) return { admitted: true, localTime: wallTimeFromDate(this.clock.now()) };
    return { admitted: false, reason: 'a drill is under way here' };
  }

  override arrived(): void {}
  override left(): void {}
  override async keepLog(): Promise<void> {}
  override async keepEnrolment(): Promise<void> {}
  override alarm(): void {}
}
