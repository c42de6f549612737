import { Clock, RetrySchedule } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { type DeviceEvents } from './device-events.js';
import { DeviceError, type ProbeStageName } from './device.errors.js';
import { type DeviceReader } from './device-reader.js';
import { type DeviceTarget } from './device-target.js';
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

const DRIVERS = { zk: openZkReader, 'node-zklib': openZklibReader };
const CONNECT_ATTEMPTS = 3;
const FIRST_DELAY_MS = 1_000;

/** The only way to a terminal, and it leads to a reader. */
@Injectable()
export class DeviceGateway {
  constructor(
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
  ) {}

  /**
   * Opens a read session; a connection that does not come about is tried again after a growing delay.
   * @throws {DeviceError} with the stage at which it failed
   */
  async openReader(target: DeviceTarget, options: OpenOptions = {}): Promise<DeviceReader> {
    const retries = new RetrySchedule((options.connectAttempts ?? CONNECT_ATTEMPTS) - 1, FIRST_DELAY_MS);
    const open = DRIVERS[target.driver];
    for (let retry = 1; ; retry += 1) {
      try {
        return await open(target, this.timeouts, {
          signal: options.signal,
          onStage: (stage) => options.onStage?.(stage),
        });
      } catch (error) {
        if (retry > retries.retries || !isConnectionError(error)) throw error;
        await this.clock.sleep(retries.delayMs(retry), options.signal);
      }
    }
  }

  /**
   * Opens a session that listens to what happens at the terminal; tried once.
   * @throws {DeviceError} with the stage at which it failed, or because the driver cannot listen
   */
  async openEvents(target: DeviceTarget, options: { readonly signal?: AbortSignal } = {}): Promise<DeviceEvents> {
    if (target.driver !== 'zk') {
      throw new DeviceError(
        'device/refused',
        `The driver "${target.driver}" cannot listen to events; use the driver "zk"`,
      );
    }
    return openZkEvents(target, this.timeouts, { signal: options.signal, onStage: () => undefined });
  }

  /** Tries an address stage by stage, and says at each what was found or what is likely wrong. */
  probe(target: DeviceTarget, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<ProbeStageResult> {
    return probeDevice(target, (onStage) => this.openReader(target, { ...options, onStage, connectAttempts: 1 }));
  }
}

/** What may be better in a moment: a terminal that serves another client, or is just starting. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof DeviceError) || (error.stage !== 'connect' && error.stage !== 'handshake')) return false;
  return ['device/unreachable', 'device/connection-lost', 'device/timeout'].includes(error.code);
}
