import { isReadOrSessionMessage, isWriteOfOneUser as isAifaceWrite } from '@app/aiface-protocol';
import {
  type AifaceProfileName,
  AifaceTerminal,
  aifaceUserOf,
  type EmulatedUser,
  ZkTerminal,
} from '@app/device-emulator';
import { DeviceGateway } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { canonicalDeviceUserId } from '@app/kernel';
import {
  Command,
  isReadOfWriteSession,
  isWriteOfOneUser as isZkWrite,
  USERS_READ,
  decodeBufferedRead,
} from '@app/zk-protocol';
import { aDevice, deviceOf } from './builders.js';
import { dialInUrl } from './synced-terminals.js';
import { type TestApp } from './test-app.js';
import { aifacePersonOf, type RigPerson } from './writer-rigs.js';

/** Something that ends a connection in the middle of a write. */
export interface Cut {
  readonly name: string;
  set(nth: number): void;
}

/** A registered emulated terminal that many users are written to. */
export interface BatchTerminal extends AsyncDisposable {
  readonly device: Device;
  ready(): Promise<void>;
  setPeople(people: readonly RigPerson[]): void;
  /** Everything that it holds of each user, byte for byte, by device user ID. */
  state(): ReadonlyMap<string, string>;
  /** Somebody is enrolled at the keypad. */
  enrol(user: EmulatedUser): void;
  /** Every place at which a connection can be cut while somebody is written. */
  readonly cuts: readonly Cut[];
  /** The n-th write of a user is refused. */
  refuse(nth: number): void;
  clearFaults(): void;
  /** How many commands arrived that change a user, and how many that no write of one user may send. */
  writes(): { readonly allowed: number; readonly others: number };
  /** How often the list of users was asked for. */
  listReads(): number;
  forget(): void;
}

export interface BatchTerminalKind {
  readonly name: string;
  readonly hasSlots: boolean;
  /** Whether it stands for its protocol, so that properties are tried at length; the others differ from it in little. */
  readonly isReference: boolean;
  start(app: TestApp, limits?: { readonly userCapacity?: number }): Promise<BatchTerminal>;
}

let started = 0;

function zkKind(transport: 'tcp' | 'udp', recordWidth: 28 | 72 = 72): BatchTerminalKind {
  return {
    name: `zk over ${transport}, ${recordWidth}-byte records`,
    hasSlots: true,
    isReference: transport === 'tcp' && recordWidth === 72,
    async start(app, { userCapacity } = {}) {
      started += 1;
      const options = { recordWidth, userCapacity, serialNumber: `BATCH${started}`, connections: 'many' as const };
      const terminal = await ZkTerminal.start(options);
      const device = await deviceOf(app.database.dataSource, terminal);
      await app.database.dataSource.query('update devices set transport = $2 where id = $1', [device.id, transport]);
      const { state, journal } = terminal;
      return {
        device: { ...device, transport },
        ready: async () => undefined,
        setPeople(people) {
          state.clearUsers();
          for (const { user, fingers } of people) {
            state.putUser(recordWidth === 72 ? user : { ...user, zones: user.zones.slice(0, 1) });
            for (const finger of fingers) state.putTemplate({ ...finger, slot: user.slot });
          }
        },
        state: () =>
          new Map(
            state.users().map(({ slot, userId }) => {
              const templates = [...state.templates.values()]
                .filter((template) => template.slot === slot)
                .toSorted((a, b) => a.finger - b.finger)
                .map(({ finger, flag, template }) => `${finger}/${flag}/${template.toString('hex')}`);
              return [
                canonicalDeviceUserId(userId),
                [state.records.get(slot)!.toString('hex'), ...templates].join(' '),
              ];
            }),
          ),
        enrol: (user) => terminal.enrol(recordWidth === 72 ? user : { ...user, zones: user.zones.slice(0, 1) }),
        cuts: (
          [
            'disable',
            'user-write',
            'upload',
            'upload-data',
            'upload-save',
            'template-write',
            'refresh',
            'enable',
          ] as const
        ).flatMap((step) =>
          (['drop', 'unheeded'] as const).map((kind) => ({
            name: `${kind} at ${step}`,
            set: (nth: number) =>
              void (terminal.faults = {
                answers: [{ step, nth, effect: kind === 'drop' ? { kind } : { kind, answer: 'drop' } }],
              }),
          })),
        ),
        refuse: (nth) =>
          void (terminal.faults = {
            answers: (['user-write', 'upload-save'] as const).map((step) => ({
              step,
              nth,
              effect: { kind: 'refuse', code: 2001 },
            })),
          }),
        clearFaults: () => void (terminal.faults = {}),
        writes() {
          const writes = journal.outside(isReadOfWriteSession);
          const allowed = writes.filter(({ command, data }) => isZkWrite(command, data)).length;
          return { allowed, others: writes.length - allowed };
        },
        listReads: () =>
          journal.entries.filter(({ command, data }) => {
            return command === Command.BUFFERED_READ && decodeBufferedRead(data)?.inner === USERS_READ.inner;
          }).length,
        forget: () => journal.clear(),
        [Symbol.asyncDispose]: () => terminal.stop(),
      };
    },
  };
}

function aifaceKind(profile: AifaceProfileName): BatchTerminalKind {
  return {
    name: `aiface (${profile})`,
    hasSlots: false,
    isReference: profile === 'ai06',
    async start(app, { userCapacity } = {}) {
      started += 1;
      const serialNumber = `BATCH${started}`;
      const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
      const device = await aDevice(app.database.dataSource, reach);
      const server = await dialInUrl(app);
      const terminal = AifaceTerminal.start({ server, profile, serialNumber, redialMs: 5, userCapacity });
      const { journal } = terminal;
      return {
        device,
        ready: () => terminal.until(() => terminal.isRegistered && app.get(DeviceGateway).isConnected(serialNumber)),
        setPeople: (people) => terminal.setUsers(people.map(aifacePersonOf)),
        state: () =>
          new Map(
            terminal.users().map(({ credentials, ...user }) => {
              const records = [...credentials].toSorted(([one], [other]) => one - other);
              return [canonicalDeviceUserId(user.enrollId), JSON.stringify([user, records])];
            }),
          ),
        enrol: (user) => terminal.enrol(aifaceUserOf(user)),
        cuts: (['reconnect', 'reply-then-reconnect'] as const)
          .map((kind) => ({
            name: `${kind} at set`,
            set: (nth: number) => void (terminal.faults = { replies: [{ step: 'set', nth, effect: { kind } }] }),
          }))
          .concat({
            name: 'unheeded at set',
            set: (nth) =>
              void (terminal.faults = {
                replies: [{ step: 'set', nth, effect: { kind: 'unheeded', reply: 'reconnect' } }],
              }),
          }),
        refuse: (nth) => void (terminal.faults = { replies: [{ step: 'set', nth, effect: { kind: 'decline' } }] }),
        clearFaults: () => void (terminal.faults = {}),
        writes() {
          const writes = journal.outside(isReadOrSessionMessage);
          const allowed = writes.filter(({ message }) => isAifaceWrite(message)).length;
          return { allowed, others: writes.length - allowed };
        },
        listReads: () => journal.commands('getuserlist').filter(({ stn }) => stn === true).length,
        forget: () => journal.clear(),
        [Symbol.asyncDispose]: () => terminal.stop(),
      };
    },
  };
}

/** The kinds of terminals that batches are proven on. */
export const BATCH_KINDS: readonly BatchTerminalKind[] = [
  zkKind('tcp'),
  zkKind('udp'),
  zkKind('tcp', 28),
  aifaceKind('ai06'),
  aifaceKind('topdata'),
];
