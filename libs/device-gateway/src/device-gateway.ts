import { LOOPBACK_NETWORKS } from '@app/config';
import { Clock } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { withConnectRetries } from './connect-retries.js';
import { type DeviceEvents } from './device-events.js';
import { DeviceNetworks } from './device-networks.js';
import { DeviceError, type ProbeStageName } from './device.errors.js';
import { type DeviceReader } from './device-reader.js';
import { type AddressTarget, type DeviceTarget, type DialInTarget } from './device-target.js';
import { AifaceEvents } from './drivers/aiface/aiface-events.js';
import { AifaceReader } from './drivers/aiface/aiface-reader.js';
import { AifaceSessions, sessionWith } from './drivers/aiface/aiface-sessions.js';
import { type AifaceSession } from './drivers/aiface/user-list.js';
import { openZklibReader } from './drivers/node-zklib/open-zklib-reader.js';
import { openZkEvents, openZkReader } from './drivers/zk/open-zk-reader.js';
import { GATEWAY_TIMEOUTS, type GatewayTimeouts } from './gateway-timeouts.js';
import { probeDevice, type ProbeStageResult } from './probe.js';

export interface OpenOptions {
  /** Closes the session when it fires. */
  readonly signal?: AbortSignal;
  readonly onStage?: (stage: ProbeStageName) => void;
  /** How often to try when no connection comes about; 3 unless given. */
  readonly connectAttempts?: number;
}

const ADDRESS_DRIVERS = { zk: openZkReader, 'node-zklib': openZklibReader };
const CONNECT_ATTEMPTS = 3;

/** The only way to a terminal, and it leads to a reader. */
@Injectable()
export class DeviceGateway {
  constructor(
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
    private readonly sessions: AifaceSessions = new AifaceSessions(),
    private readonly networks: DeviceNetworks = new DeviceNetworks(LOOPBACK_NETWORKS),
  ) {}

  /**
   * Opens a read session. A connection that does not come about is tried again after a growing delay; a terminal that
   * dials in is there or it is not.
   * @throws {DeviceError} with the stage at which it failed
   */
  async openReader(target: DeviceTarget, options: OpenOptions = {}): Promise<DeviceReader> {
    if (target.driver === 'aiface') return new AifaceReader(target, this.sessionOf(target, options.signal));
    const open = ADDRESS_DRIVERS[target.driver];
    const attempts = options.connectAttempts ?? CONNECT_ATTEMPTS;
    return withConnectRetries<DeviceReader>(this.clock, { attempts, signal: options.signal }, async () =>
      open(await this.networks.check(target), this.timeouts, {
        signal: options.signal,
        onStage: (stage) => options.onStage?.(stage),
      }),
    );
  }

  /**
   * Opens a session that listens to what happens at the terminal; tried once.
   * @throws {DeviceError} with the stage at which it failed, or because the driver cannot listen
   */
  async openEvents(target: DeviceTarget, options: { readonly signal?: AbortSignal } = {}): Promise<DeviceEvents> {
    if (target.driver === 'aiface') return this.openAifaceEvents(target, options.signal);
    if (target.driver !== 'zk') {
      throw new DeviceError(
        'device/refused',
        `The driver "${target.driver}" cannot listen to events; use the driver "zk"`,
      );
    }
    return openZkEvents(await this.networks.check(target), this.timeouts, {
      signal: options.signal,
      onStage: () => undefined,
    });
  }

  /** Whether a terminal that dials in is connected to this process. */
  isConnected(serialNumber: string): boolean {
    return this.sessions.find(serialNumber) !== undefined;
  }

  /** Tries an address stage by stage, and says at each what was found or what is likely wrong. */
  probe(target: AddressTarget, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<ProbeStageResult> {
    return probeDevice(
      target,
      async () => (await this.networks.check(target)).host,
      (onStage) => this.openReader(target, { ...options, onStage, connectAttempts: 1 }),
    );
  }

  /** @throws {DeviceError} `device/not-connected` */
  private sessionOf({ serialNumber }: DialInTarget, signal?: AbortSignal): AifaceSession {
    const { timeouts, clock } = this;
    return sessionWith(this.sessions, serialNumber, { timeouts, clock, signal });
  }

  private async openAifaceEvents(target: DialInTarget, signal?: AbortSignal): Promise<DeviceEvents> {
    const session = this.sessionOf(target, signal);
    const countUsers = async (): Promise<number> => (await new AifaceReader(target, session).readCounters()).users;
    return AifaceEvents.begin(session.connection, countUsers, signal);
  }
}
