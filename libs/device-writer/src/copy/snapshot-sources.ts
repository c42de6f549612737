import {
  AifaceSessions,
  DeviceNetworks,
  type DeviceTarget,
  GATEWAY_TIMEOUTS,
  type GatewayTimeouts,
} from '@app/device-gateway';
import {
  type AifaceCredentialSession,
  openAifaceCredentialSession,
  openZkCredentialSession,
  withConnectRetries,
  type ZkCredentialSession,
} from '@app/device-gateway/sessions';
import { Clock } from '@app/kernel';
import { Inject, Injectable } from '@nestjs/common';
import { SnapshotSeal } from '../snapshot-seal.js';
import { type CompleteCopy } from '../terminal-copy.js';
import { AifaceCopying } from './aiface-copying.js';
import { type Sitting } from './copying.js';
import { SealedSpool } from './sealed-spool.js';
import { SpooledCopy } from './spooled-copy.js';
import { ZkCopying } from './zk-copying.js';

const CONNECT_ATTEMPTS = 3;

/** A copy of one terminal in the making. */
export interface CopyInTheMaking extends AsyncDisposable {
  /** Opens a session, goes on in it, and closes it. True: everything has been read. */
  sit(sitting: Sitting, signal?: AbortSignal): Promise<boolean>;
  /** Whoever takes the copy disposes of it, and not of this. */
  finish(): Promise<CompleteCopy>;
}

/** The only way to sessions that read credentials; they can do nothing else. */
@Injectable()
export class SnapshotSources {
  constructor(
    private readonly clock: Clock,
    @Inject(GATEWAY_TIMEOUTS) private readonly timeouts: GatewayTimeouts,
    private readonly sessions: AifaceSessions,
    private readonly networks: DeviceNetworks,
    private readonly seal: SnapshotSeal,
  ) {}

  /** The same for terminals of this process's own, which are in no network of the site: emulated ones. */
  reaching(sessions: AifaceSessions, networks: DeviceNetworks): SnapshotSources {
    return new SnapshotSources(this.clock, this.timeouts, sessions, networks, this.seal);
  }

  /** Begins a copy; nothing is connected yet. A terminal registered with the driver node-zklib is copied with our own. */
  async begin(target: DeviceTarget): Promise<CopyInTheMaking> {
    const spool = await SealedSpool.open();
    const now = (): Date => this.clock.now();
    if (target.driver === 'aiface') {
      const copying = new AifaceCopying(spool, now);
      return this.making(copying, async (signal) => {
        const how = { timeouts: this.timeouts, clock: this.clock, signal };
        return openAifaceCredentialSession(target, this.sessions, how);
      });
    }
    const own = { ...target, driver: 'zk' as const };
    return this.making(new ZkCopying(spool, own, now), async (signal) =>
      withConnectRetries(this.clock, { attempts: CONNECT_ATTEMPTS, signal }, async () =>
        openZkCredentialSession(await this.networks.check(own), this.timeouts, { signal }),
      ),
    );
  }

  /** Everybody at once, in one session. @throws {IncompleteReadError} @throws {DeviceError} */
  async copy(target: DeviceTarget, signal?: AbortSignal): Promise<CompleteCopy> {
    const making = await this.begin(target);
    try {
      await making.sit({ mayGoOn: () => true, onProgress: () => undefined }, signal);
      return await making.finish();
    } catch (error) {
      await making[Symbol.asyncDispose]();
      throw error;
    }
  }

  private making<Session extends ZkCredentialSession | AifaceCredentialSession>(
    copying: { sit(session: Session, sitting: Sitting): Promise<boolean> } & Pick<ZkCopying, 'finish'> &
      AsyncDisposable,
    open: (signal: AbortSignal | undefined) => Promise<Session>,
  ): CopyInTheMaking {
    return {
      sit: async (sitting, signal) => {
        await using session = await open(signal);
        return await copying.sit(session, sitting);
      },
      finish: async () => SpooledCopy.of(copying.finish(), this.seal),
      [Symbol.asyncDispose]: () => copying[Symbol.asyncDispose](),
    };
  }
}
