import { isReadOrSessionMessage } from '@app/aiface-protocol';
import { AifaceTerminal, aifaceUserOf, type EmulatedUser, ZkTerminal } from '@app/device-emulator';
import { AifaceListener, DeviceGateway } from '@app/device-gateway';
import { type Device } from '@app/devices';
import { DialInService } from '@app/dial-in';
import { canonicalDeviceUserId } from '@app/kernel';
import { isReadOfWriteSession } from '@app/zk-protocol';
import { aDevice, deviceOf, type TestApp } from '@test/support';
import { createServer } from 'node:net';
import { once } from 'node:events';

/** A registered emulated terminal of either kind that processes of their own write to. */
export interface WritableTerminal extends AsyncDisposable {
  readonly device: Device;
  /** Where it dials in; undefined: it is called. */
  readonly aifacePort: number | undefined;
  /** As enrolled. */
  enrolAll(): void;
  /** Forgets which commands have arrived. */
  clearJournal(): void;
  /** Everything that it holds, byte for byte, by user. */
  state(): Map<string, string>;
  /** Whether a command that changes a user has arrived since. */
  wasWrittenTo(): boolean;
  /** Everything that was sent has been dealt with. */
  idle(): Promise<void>;
  /** Works in this process; the terminal can be reached meanwhile. */
  reachedFrom<T>(app: TestApp, work: () => Promise<T>): Promise<T>;
}

const FINGERS = [0, 6];

function fingerOf(userId: string, finger: number): string {
  return `${userId}/${finger}`.repeat(40);
}

export async function writableZk(app: TestApp, users: readonly EmulatedUser[]): Promise<WritableTerminal> {
  const terminal = await ZkTerminal.start({ users, connections: 'many' });
  return {
    device: await deviceOf(app.database.dataSource, terminal),
    aifacePort: undefined,
    enrolAll() {
      terminal.state.clearUsers();
      for (const user of users) {
        terminal.state.putUser(user);
        for (const finger of FINGERS) {
          const template = Buffer.from(fingerOf(user.userId, finger));
          terminal.state.putTemplate({ slot: user.slot, finger, flag: 1, template });
        }
      }
    },
    clearJournal: () => terminal.journal.clear(),
    state: () =>
      new Map(
        terminal.users().map(({ slot, userId }) => {
          const templates = [...terminal.state.templates.values()].filter((template) => template.slot === slot);
          const told = templates.map(({ finger, template }) => `${finger}/${template.toString('hex')}`).toSorted();
          return [
            canonicalDeviceUserId(userId),
            [terminal.state.records.get(slot)?.toString('hex'), ...told].join(' '),
          ];
        }),
      ),
    // Locking the keypad comes first and changes nobody.
    wasWrittenTo: () => terminal.journal.outside(isReadOfWriteSession).length > 1,
    idle: () => terminal.idle(),
    reachedFrom: (_app, work) => work(),
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}

export async function writableAiface(app: TestApp, users: readonly EmulatedUser[]): Promise<WritableTerminal> {
  const serialNumber = 'CHAOS000001';
  const aifacePort = await freePort();
  const reach = { driver: 'aiface', host: null, port: null, transport: 'websocket', serialNumber } as const;
  const device = await aDevice(app.database.dataSource, reach);
  const terminal = AifaceTerminal.start({ server: `ws://127.0.0.1:${aifacePort}`, serialNumber, redialMs: 5 });
  return {
    device,
    aifacePort,
    enrolAll() {
      terminal.setUsers(
        users.map((user) => {
          const plain = aifaceUserOf(user);
          const fingers = FINGERS.map((finger) => [finger, fingerOf(user.userId, finger)] as const);
          return { ...plain, credentials: new Map([...plain.credentials, ...fingers]) };
        }),
      );
    },
    clearJournal: () => terminal.journal.clear(),
    state: () =>
      new Map(
        terminal.users().map(({ credentials, ...user }) => {
          const records = [...credentials].toSorted(([one], [other]) => one - other);
          return [canonicalDeviceUserId(user.enrollId), JSON.stringify([user, records])];
        }),
      ),
    wasWrittenTo: () => terminal.journal.outside(isReadOrSessionMessage).length > 0,
    idle: () => terminal.until(() => !terminal.isRegistered),
    async reachedFrom(reaching, work) {
      const listener = reaching.get(AifaceListener);
      await listener.listen({ host: '127.0.0.1', port: aifacePort }, reaching.get(DialInService));
      try {
        await terminal.until(() => terminal.isRegistered && reaching.get(DeviceGateway).isConnected(serialNumber));
        return await work();
      } finally {
        await listener.stop();
      }
    },
    [Symbol.asyncDispose]: () => terminal.stop(),
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
