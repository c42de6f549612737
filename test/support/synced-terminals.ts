import { isReadOrSessionMessage } from '@app/aiface-protocol';
import {
  aifaceFaultCatalogue,
  AifaceTerminal,
  aifaceUserOf,
  type EmulatedUser,
  faultCatalogue,
  ZkTerminal,
} from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { DialInService } from '@app/dial-in';
import { canonicalDeviceUserId } from '@app/kernel';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import fc from 'fast-check';
import { deviceContent } from './arbitraries.js';
import { aDevice, deviceOf } from './builders.js';
import { type TestApp } from './test-app.js';

/** Attributes by which a buffer row must equal the user on the terminal. */
export interface BufferedAttributes {
  readonly deviceUserId: string;
  readonly slot: number | null;
  readonly nameBytes: Buffer;
  readonly cardNumber: string | null;
  readonly privilege: number;
  readonly groupId: number | null;
  readonly timezoneId: string | null;
  readonly hasPin: boolean;
}

/** A registered emulated terminal of any kind, whose runs go through a whole application. */
export interface SyncedTerminal extends AsyncDisposable {
  readonly device: Device;
  setUsers(users: readonly EmulatedUser[]): void;
  /** Puts a fault of the catalogue on it, by its place; undefined: none. */
  setFault(place: number | undefined): void;
  /** The last record is left out of what it sends. */
  withhold(): void;
  /** It counts one user more than it has. */
  miscount(): void;
  /** What is written to a user is refused, or said to be done and is not. */
  spoilWrites(how: 'refuse' | 'ignore'): void;
  clearFaults(): void;
  /** Resolves when it can be read: a terminal that dials in may be on its way. */
  ready(): Promise<void>;
  snapshot(): string;
  outsideAllowList(): readonly unknown[];
}

/** How to register each kind, what it can hold, and what a run must find of it. */
export interface SyncedKind {
  readonly name: string;
  readonly faults: number;
  content(maxLength?: number): fc.Arbitrary<EmulatedUser[]>;
  /** Whether its list of these has a record at all. */
  lists(users: readonly EmulatedUser[]): boolean;
  attributesOf(user: EmulatedUser): BufferedAttributes;
  start(app: TestApp, users: readonly EmulatedUser[]): Promise<SyncedTerminal>;
}

export const SYNCED_ZK: SyncedKind = {
  name: 'zk',
  faults: faultCatalogue().length,
  content: deviceContent,
  lists: (users) => users.length > 0,
  attributesOf: (user) => ({
    deviceUserId: canonicalDeviceUserId(user.userId),
    slot: user.slot,
    nameBytes: user.name,
    cardNumber: user.card === 0 ? null : String(user.card),
    privilege: user.privilege,
    groupId: user.group,
    timezoneId: user.ownZones ? user.zones.join(',') : null,
    hasPin: user.password !== '',
  }),
  async start(app, users) {
    const terminal = await ZkTerminal.start({ users, transports: ['tcp'], serialNumber: `SN${Math.random()}` });
    const device = await deviceOf(app.database.dataSource, terminal);
    return {
      device,
      setUsers: (wanted) => terminal.setUsers(wanted),
      setFault: (place) => void (terminal.faults = place === undefined ? {} : faultCatalogue()[place].faults),
      withhold: () => void (terminal.faults = { lies: { cutSetBytes: 72 } }),
      miscount: () => void (terminal.faults = { lies: { userCounter: 1 } }),
      spoilWrites: (how) =>
        void (terminal.faults = {
          answers: [
            {
              step: 'user-write',
              effect: how === 'refuse' ? { kind: 'refuse', code: 2001 } : { kind: 'unheeded', answer: 'ok' },
            },
          ],
        }),
      clearFaults: () => void (terminal.faults = {}),
      ready: async () => undefined,
      snapshot: () => terminal.snapshot(),
      outsideAllowList: () => terminal.journal.outside(isReadOrSessionCommand),
      [Symbol.asyncDispose]: () => terminal.stop(),
    };
  },
};

export const SYNCED_AIFACE: SyncedKind = {
  name: 'aiface',
  faults: aifaceFaultCatalogue().length,
  /** Its IDs are numbers, its names are text. */
  content: (maxLength) => deviceContent(maxLength).map((users) => users.filter(({ userId }) => /^\d+$/.test(userId))),
  /** Of credentials. */
  lists: (users) => users.some(({ card, password }) => card !== 0 || password !== ''),
  attributesOf: (user) => {
    const { name, admin } = aifaceUserOf(user);
    return {
      deviceUserId: canonicalDeviceUserId(user.userId),
      slot: null,
      nameBytes: Buffer.from(name),
      cardNumber: user.card === 0 ? null : String(user.card),
      privilege: admin,
      groupId: null,
      timezoneId: null,
      hasPin: user.password !== '',
    };
  },
  async start(app, users) {
    const serialNumber = `SN${Math.random()}`;
    const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
    const device = await aDevice(app.database.dataSource, reach);
    const terminal = AifaceTerminal.start({
      server: await dialInUrl(app),
      serialNumber,
      users: users.map(aifaceUserOf),
      redialMs: 5,
    });
    const ready = (): Promise<void> =>
      terminal.until(() => terminal.isRegistered && app.get(DeviceGateway).isConnected(serialNumber));
    await ready();
    return {
      device,
      setUsers: (wanted) => terminal.setUsers(wanted.map(aifaceUserOf)),
      setFault: (place) => void (terminal.faults = place === undefined ? {} : aifaceFaultCatalogue()[place].faults),
      withhold: () => void (terminal.faults = { lies: { honestlyShortPage: 1 } }),
      miscount: () => void (terminal.faults = { lies: { userCounter: 1 } }),
      spoilWrites: (how) =>
        void (terminal.faults = {
          replies: (['set', 'delete'] as const).map((step) => ({
            step,
            effect: how === 'refuse' ? { kind: 'decline' } : { kind: 'unheeded', reply: 'ok' },
          })),
        }),
      clearFaults: () => void (terminal.faults = {}),
      ready,
      snapshot: () => terminal.snapshot(),
      outsideAllowList: () => terminal.journal.outside(isReadOrSessionMessage),
      [Symbol.asyncDispose]: () => terminal.stop(),
    };
  },
};

/** A third protocol is one more line. */
export const SYNCED_KINDS: readonly SyncedKind[] = [SYNCED_ZK, SYNCED_AIFACE];

const urls = new WeakMap<TestApp, Promise<string>>();

/** Where terminals dial in to a test app; it listens when it is first asked for. */
export function dialInUrl(app: TestApp): Promise<string> {
  const url =
    urls.get(app) ??
    app
      .get(DialInService)
      .listen()
      .then(({ port }) => `ws://127.0.0.1:${port}`);
  urls.set(app, url);
  return url;
}
