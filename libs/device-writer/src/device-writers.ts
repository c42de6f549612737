import {
  AifaceSessions,
  DeviceNetworks,
  type DeviceTarget,
  GATEWAY_TIMEOUTS,
  type GatewayTimeouts,
} from '@app/device-gateway';
import { openAifaceWriteSession, openZkWriteSession, withConnectRetries } from '@app/device-gateway/sessions';
import { Clock } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { AifaceWriter } from './aiface/aiface-writer.js';
import { type DeviceWriter } from './device-writer.js';
import { ZkWriter } from './zk/zk-writer.js';

/** How to open a writer. */
export interface OpenWriterOptions {
  /** Closes the session when it fires. A write that has left by then has an unknown outcome. */
  readonly signal?: AbortSignal;
  /** How long the answer to a write may take; as long as any other unless given. */
  readonly writeTimeoutMs?: number;
}

const CONNECT_ATTEMPTS = 3;

/** The only way to a writer. */
@Injectable()
export class DeviceWriters {
  constructor(
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
    private readonly sessions: AifaceSessions,
    private readonly networks: DeviceNetworks,
  ) {}

  /** The same for terminals of this process's own, which are in no network of the site: emulated ones. */
  reaching(sessions: AifaceSessions, networks: DeviceNetworks): DeviceWriters {
    return new DeviceWriters(this.clock, this.timeouts, sessions, networks);
  }

  /**
   * Opens a session that can write, once the terminal has shown that it is the registered one. A connection that does not
   * come about is tried again; a terminal that dials in is there or it is not. A terminal that is registered with the
   * driver node-zklib is written to with our own.
   * @throws {DeviceError} with the stage at which it failed; nothing was written
   */
  async open(target: DeviceTarget, { signal, writeTimeoutMs }: OpenWriterOptions = {}): Promise<DeviceWriter> {
    const timeouts = writeTimeoutMs === undefined ? this.timeouts : { ...this.timeouts, writeMs: writeTimeoutMs };
    if (target.driver === 'aiface') {
      const how = { timeouts, clock: this.clock, signal };
      return new AifaceWriter(openAifaceWriteSession(target, this.sessions, how));
    }
    const own = { ...target, driver: 'zk' as const };
    const session = await withConnectRetries(this.clock, { attempts: CONNECT_ATTEMPTS, signal }, async () =>
      openZkWriteSession(await this.networks.check(own), timeouts, { signal }),
    );
    return new ZkWriter(session, own);
  }
}
