import {
  aifaceFaultCatalogue,
  aifacePunchOf,
  AifaceTerminal,
  type AifaceProfileName,
  aifaceUserOf,
  type EmulatedPunch,
  type EmulatedUser,
  faultCatalogue,
  ZkTerminal,
} from '@app/device-emulator';
import {
  type Admission,
  AifaceListener,
  AifaceSessions,
  DeviceGateway,
  type DeviceTarget,
  type GatewayTimeouts,
  type TerminalAlarm,
  TerminalHost,
  type Visitor,
} from '@app/device-gateway';
import { type Credential, isReadOrSessionMessage, type LogBatch } from '@app/aiface-protocol';
import { SystemClock, wallTimeFromDate } from '@app/kernel';
import { isReadOrSessionCommand } from '@app/zk-protocol';
import { Logger } from '@nestjs/common';
import { targetOf } from './builders.js';

/** Attributes that every kind of terminal has, and by which a read is compared with what is enrolled. */
export interface SharedAttributes {
  readonly deviceUserId: string;
  readonly name: string | null;
  readonly cardNumber: string | null;
  readonly hasPin: boolean;
}

/** A fault that a rig can have; `set` puts it on the terminal. */
export interface RigFault {
  readonly name: string;
  readonly mustFail: boolean;
  set(): void;
}

/** An emulated terminal of any kind with a gateway to it: what the conformance suite runs against. */
export interface TerminalRig extends AsyncDisposable {
  readonly gateway: DeviceGateway;
  readonly target: DeviceTarget;
  /** The same terminal, but known by another serial number. */
  readonly foreignTarget: DeviceTarget;
  /** Resolves when it can be read: a terminal that dials in may be on its way. */
  ready(): Promise<void>;
  setUsers(users: readonly EmulatedUser[]): void;
  addPunch(punch: EmulatedPunch): void;
  /** An operator deletes them at the keypad. */
  deleteAtKeypad(userIds: readonly string[], operator: number): void;
  /** Whether it has a log of that which can be read. */
  readonly keepsOperations: boolean;
  catalogue(): RigFault[];
  clearFaults(): void;
  /** Makes everything silent from now on. */
  fallSilent(): void;
  /** Somebody is enrolled between the counters before and those after. */
  enrolDuringRead(): void;
  snapshot(): string;
  /** What arrived that no reader may send. */
  outsideAllowList(): readonly unknown[];
}

export interface RigOptions {
  readonly users?: readonly EmulatedUser[];
  readonly punches?: readonly EmulatedPunch[];
  readonly timeouts: GatewayTimeouts;
}

/** How to start each kind. */
export interface RigKind {
  readonly name: string;
  start(options: RigOptions): Promise<TerminalRig>;
}

const SERIAL = 'RIG00000001';

/** The faults of a catalogue, each of which can be put on the terminal. */
function rigFaults<F>(
  catalogue: readonly { readonly name: string; readonly mustFail: boolean; readonly faults: F }[],
  put: (faults: F) => void,
): RigFault[] {
  return catalogue.map(({ name, mustFail, faults }) => ({ name, mustFail, set: () => put(faults) }));
}

export function zkRig(transport: 'tcp' | 'udp'): RigKind {
  return {
    name: `zk over ${transport}`,
    async start({ users, punches, timeouts }) {
      const terminal = await ZkTerminal.start({ users, punches, connections: 'many', serialNumber: SERIAL });
      const target = targetOf(terminal, { transport, expectedSerialNumber: SERIAL });
      return {
        gateway: new DeviceGateway(new SystemClock(), timeouts),
        target,
        foreignTarget: { ...target, expectedSerialNumber: 'ANOTHER' },
        ready: async () => undefined,
        setUsers: (wanted) => terminal.setUsers(wanted),
        addPunch: (punch) => terminal.addPunch(punch),
        deleteAtKeypad: (userIds, operator) => terminal.mishaps.deleteAtKeypad(userIds, operator),
        keepsOperations: true,
        catalogue: () => rigFaults(faultCatalogue(), (faults) => (terminal.faults = faults)),
        clearFaults: () => void (terminal.faults = {}),
        fallSilent: () =>
          void (terminal.faults = {
            answers: (['connect', 'counters', 'bulk'] as const).map((step) => ({ step, effect: { kind: 'silence' } })),
          }),
        enrolDuringRead: () => void (terminal.faults = { lies: { userCounterLater: 1 } }),
        snapshot: () => terminal.snapshot(),
        outsideAllowList: () => terminal.journal.outside(isReadOrSessionCommand),
        [Symbol.asyncDispose]: () => terminal.stop(),
      };
    },
  };
}

/** Lets everybody in, and remembers what it was told. */
export class OpenHouse extends TerminalHost {
  readonly visitors: Visitor[] = [];
  readonly alarms: TerminalAlarm[] = [];
  readonly batches: LogBatch[] = [];
  readonly enrolments: Credential[] = [];
  admission: () => Admission = () => ({ admitted: true, localTime: wallTimeFromDate(new Date()) });
  /** Waited for before anything is kept. */
  storing: Promise<void> = Promise.resolve();

  async admit(visitor: Visitor): Promise<Admission> {
    this.visitors.push(visitor);
    return this.admission();
  }
  arrived(): void {}
  left(): void {}
  async keepLog(_serialNumber: string, batch: LogBatch): Promise<void> {
    await this.storing;
    this.batches.push(batch);
  }
  async keepEnrolment(_serialNumber: string, credential: Credential): Promise<void> {
    await this.storing;
    this.enrolments.push(credential);
  }
  alarm(alarm: TerminalAlarm): void {
    this.alarms.push(alarm);
  }
}

/** A listener on loopback, and a gateway to whoever dials in. */
export async function openListener(
  timeouts: GatewayTimeouts,
  host: TerminalHost = new OpenHouse(),
): Promise<{
  readonly gateway: DeviceGateway;
  readonly listener: AifaceListener;
  readonly sessions: AifaceSessions;
  readonly url: string;
}> {
  Logger.overrideLogger(false);
  const sessions = new AifaceSessions();
  const clock = new SystemClock();
  const listener = new AifaceListener(sessions, clock, timeouts);
  const port = await listener.listen({ host: '127.0.0.1', port: 0 }, host);
  return { gateway: new DeviceGateway(clock, timeouts, sessions), listener, sessions, url: `ws://127.0.0.1:${port}` };
}

export function aifaceRig(profile: AifaceProfileName): RigKind {
  return {
    name: `aiface (${profile})`,
    async start({ users = [], punches = [], timeouts }) {
      const { gateway, listener, url } = await openListener(timeouts);
      const terminal = AifaceTerminal.start({
        server: url,
        profile,
        serialNumber: SERIAL,
        users: users.map(aifaceUserOf),
        punches: punches.map(aifacePunchOf),
        userCapacity: 60_000,
        redialMs: 5,
      });
      const target = { driver: 'aiface', serialNumber: SERIAL, weakerProof: profile === 'tfs30' } as const;
      return {
        gateway,
        target,
        foreignTarget: { ...target, serialNumber: 'ANOTHER' },
        // Until the server knows of it, and not only the terminal.
        ready: () => terminal.until(() => terminal.isRegistered && gateway.isConnected(SERIAL)),
        setUsers: (wanted) => terminal.setUsers(wanted.map(aifaceUserOf)),
        addPunch: (punch) => terminal.addPunch(aifacePunchOf(punch)),
        deleteAtKeypad: (userIds) => terminal.mishaps.deleteAtKeypad(userIds),
        keepsOperations: false,
        catalogue: () =>
          rigFaults(aifaceFaultCatalogue(), (faults) => (terminal.faults = faults)).map((fault) =>
            // One counts itself when it registers only, one numbers no records: not every lie of theirs can be found out.
            ({ ...fault, mustFail: fault.mustFail && profile !== 'tfs30' && profile !== 'dialect-b' }),
          ),
        clearFaults: () => void (terminal.faults = {}),
        fallSilent: () =>
          void (terminal.faults = {
            replies: (['counters', 'list', 'ids', 'info', 'time'] as const).map((step) => ({
              step,
              effect: { kind: 'silence' },
            })),
          }),
        enrolDuringRead: () => void (terminal.faults = { lies: { userCounterLater: 1, enrolsMeanwhile: true } }),
        snapshot: () => terminal.snapshot(),
        outsideAllowList: () => terminal.journal.outside(isReadOrSessionMessage),
        async [Symbol.asyncDispose]() {
          await terminal.stop();
          await listener.stop();
        },
      };
    },
  };
}

/** Every way to read a terminal; a third protocol is one more line. */
export const RIGS: readonly RigKind[] = [
  zkRig('tcp'),
  zkRig('udp'),
  aifaceRig('ai06'),
  aifaceRig('topdata'),
  aifaceRig('tfs30'),
  aifaceRig('quiet-end'),
  aifaceRig('dialect-b'),
];

/** What a read should find of a user, whatever kind of terminal holds him. */
export function sharedAttributesOf({ userId, name, card, password }: EmulatedUser): SharedAttributes {
  return {
    deviceUserId: userId.replace(/^0+(?=.)/, ''),
    name: name.length === 0 ? null : name.toString('utf8'),
    cardNumber: card === 0 ? null : String(card),
    hasPin: password !== '',
  };
}
