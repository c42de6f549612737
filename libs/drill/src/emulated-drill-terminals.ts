import { randomInt } from 'node:crypto';
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
const REDIAL_MS = 50;
const LARGEST_COMM_KEY = 999_999_999;

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

  override async start(needs: DrillNeeds, signal?: AbortSignal): Promise<DrillTerminal> {
    return needs.header.protocol === 'zk' ? this.startZk(needs) : this.startAiface(needs, signal);
  }

  /** With a comm key that is thrown away with it: other programs of this machine could read PINs and fingerprints otherwise. */
  private async startZk({ header, recordWidth }: DrillNeeds): Promise<DrillTerminal> {
    const commKey = randomInt(1, LARGEST_COMM_KEY + 1);
    const terminal = await ZkTerminal.start({
      host: HERE,
      transports: ['tcp'],
      connections: 'many',
      commKey,
      serialNumber: header.serial_number,
      recordWidth: recordWidth === 28 ? 28 : 72,
      userCapacity: header.users + SPARE,
      templateCapacity: header.credentials + SPARE,
      options: { '~ZKFPVersion': header.fingerprint_algorithm ?? '' },
      keepsJournal: false,
    });
    const target: DeviceTarget = {
      driver: 'zk',
      host: HERE,
      port: terminal.port,
      transport: 'tcp',
      commKey,
      encoding: 'auto',
      expectedSerialNumber: header.serial_number,
    };
    return this.terminalAt(target, new AifaceSessions(), () => terminal.stop());
  }

  /**
   * It dials in to a listener of its own, which lets nobody else in. Its firmware is one that takes every attribute: older
   * firmware takes less than some terminals tell, and the drill is about the file.
   */
  private async startAiface({ header }: DrillNeeds, signal?: AbortSignal): Promise<DrillTerminal> {
    const { serial_number: serialNumber, fingerprint_algorithm: fingerprintAlgorithm, users, credentials } = header;
    const sessions = new AifaceSessions();
    const listener = new AifaceListener(sessions, this.clock, this.timeouts);
    const port = await listener.listen({ host: HERE, port: 0 }, new DrillHost(serialNumber, this.clock));
    const dialled = sessions.next(serialNumber, this.timeouts.replyMs, signal);
    const terminal = AifaceTerminal.start({
      server: `ws://${HERE}:${port}`,
      serialNumber,
      fingerprintAlgorithm,
      // It has room for as many credentials of each kind as for users.
      userCapacity: Math.max(users, credentials) + SPARE,
      redialMs: REDIAL_MS,
      keepsJournal: false,
    });
    const stop = async (): Promise<void> => {
      await terminal.stop();
      await listener.stop();
    };
    try {
      await dialled;
    } catch (error) {
      await stop();
      throw error;
    }
    return this.terminalAt({ driver: 'aiface', serialNumber, weakerProof: false }, sessions, stop);
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
