import {
  type AnswerEffect,
  type EmulatedTemplate,
  type EmulatedUser,
  inventPunches,
  type ProtocolStep,
  ZkTerminal,
} from '@app/device-emulator';
import { AifaceSessions, type DeviceTarget, type GatewayTimeouts } from '@app/device-gateway';
import { DeviceWriters } from '@app/device-writer';
import { canonicalDeviceUserId, SystemClock } from '@app/kernel';
import { isReadOfWriteSession } from '@app/zk-protocol';
import { targetOf } from './builders.js';

/** A person to be enrolled on a terminal of any kind. */
export interface RigPerson {
  readonly user: EmulatedUser;
  readonly fingers: readonly Omit<EmulatedTemplate, 'slot'>[];
}

/** Something that goes wrong with one write. */
export interface WriteFault {
  readonly name: string;
  /** Whether the terminal says that it was done, and it was not: only reading back can tell. */
  readonly lies: boolean;
  set(): void;
}

export type WriteOperation = 'update' | 'delete' | 'restore';

/** An emulated terminal of any kind with writers to it: what the conformance suite of writers runs against. */
export interface WriterRig extends AsyncDisposable {
  readonly writers: DeviceWriters;
  readonly target: DeviceTarget;
  readonly foreignTarget: DeviceTarget;
  ready(): Promise<void>;
  setPeople(people: readonly RigPerson[]): void;
  /** Everything that it holds of each user, byte for byte, by device user ID. */
  state(): ReadonlyMap<string, string>;
  /** How many punches it holds. */
  punches(): number;
  /** Every fault at every step of an operation. */
  faults(operation: WriteOperation): WriteFault[];
  clearFaults(): void;
  /** The writes that arrived since the last look. */
  takeWrites(): string[];
  /** Whether people can use it. */
  isUsable(): boolean;
  /** Names that are written lose everything behind so many bytes, and nothing is said about it. */
  cutNames(bytes: number): void;
}

/** How to start each kind, and what it is like. */
export interface WriterRigKind {
  readonly name: string;
  /** Whether users have slots, groups and time zones; and how many bytes a name may have. */
  readonly hasSlots: boolean;
  readonly nameBytes: number | undefined;
  readonly zones: string | undefined;
  /** How often an operation may change something before it is done. */
  readonly steps: 'one' | 'several';
  start(options: {
    readonly people: readonly RigPerson[];
    readonly timeouts: GatewayTimeouts;
    readonly userCapacity?: number;
  }): Promise<WriterRig>;
}

const SERIAL = 'RIG00000001';
const ZK_STEPS: Readonly<Record<WriteOperation, readonly ProtocolStep[]>> = {
  update: ['disable', 'user-write', 'refresh', 'enable'],
  delete: ['disable', 'user-delete', 'refresh', 'enable'],
  restore: ['disable', 'upload', 'upload-data', 'upload-save', 'refresh', 'enable'],
};
const ZK_EFFECTS: readonly AnswerEffect[] = [
  { kind: 'refuse', code: 2001 },
  { kind: 'refuse', code: 4990 },
  { kind: 'refuse', code: 65_535 },
  { kind: 'unheeded', answer: 'ok' },
  { kind: 'unheeded', answer: 'silence' },
  { kind: 'unheeded', answer: 'drop' },
  { kind: 'silence' },
  { kind: 'drop' },
  { kind: 'close' },
  { kind: 'code', code: 1501 },
  { kind: 'code', code: 2001 },
  { kind: 'wrong-reply-number' },
  { kind: 'damage' },
  { kind: 'duplicate', packet: 'first' },
  { kind: 'event-first' },
  { kind: 'late' },
];

/** How a state is compared: every byte of a record, and every template. */
function zkState({ state }: ZkTerminal): Map<string, string> {
  return new Map(
    state.users().map(({ slot, userId }) => {
      const templates = [...state.templates.values()]
        .filter((template) => template.slot === slot)
        .toSorted((a, b) => a.finger - b.finger)
        .map(({ finger, flag, template }) => `${finger}/${flag}/${template.toString('hex')}`);
      return [canonicalDeviceUserId(userId), [state.records.get(slot)!.toString('hex'), ...templates].join(' ')];
    }),
  );
}

export function zkWriterRig(transport: 'tcp' | 'udp', recordWidth: 28 | 72 = 72): WriterRigKind {
  return {
    name: `zk over ${transport}, ${recordWidth}-byte records`,
    hasSlots: true,
    nameBytes: recordWidth === 72 ? 23 : 8,
    zones: recordWidth === 72 ? '3,0,1' : '5',
    steps: 'one',
    async start({ people, timeouts, userCapacity }) {
      const punches = inventPunches(
        people.map(({ user }) => user),
        { days: 2, until: new Date('2026-01-31T00:00:00Z') },
      );
      const options = { punches, recordWidth, userCapacity, serialNumber: SERIAL, connections: 'many' as const };
      const terminal = await ZkTerminal.start(options);
      const setPeople = (wanted: readonly RigPerson[]): void => {
        terminal.state.clearUsers();
        for (const { user, fingers } of wanted) {
          terminal.state.putUser(recordWidth === 72 ? user : { ...user, zones: user.zones.slice(0, 1) });
          for (const finger of fingers) terminal.state.putTemplate({ ...finger, slot: user.slot });
        }
      };
      setPeople(people);
      const target = targetOf(terminal, { transport, expectedSerialNumber: SERIAL });
      return {
        writers: new DeviceWriters(new SystemClock(), timeouts, new AifaceSessions()),
        target,
        foreignTarget: { ...target, expectedSerialNumber: 'ANOTHER' },
        ready: async () => undefined,
        setPeople,
        state: () => zkState(terminal),
        punches: () => terminal.state.punches.length,
        faults: (operation) =>
          ZK_STEPS[operation].flatMap((step) =>
            ZK_EFFECTS.map((effect) => ({
              name: `${Object.values(effect).join(' ')} at ${step}`,
              lies: effect.kind === 'unheeded' && effect.answer === 'ok',
              set: () => void (terminal.faults = { answers: [{ step, nth: 1, effect }] }),
            })),
          ),
        clearFaults: () => void (terminal.faults = {}),
        takeWrites: () => {
          const writes = terminal.journal
            .outside(isReadOfWriteSession)
            .map(({ command, data }) => `${command} ${data.toString('hex')}`);
          terminal.journal.clear();
          return writes;
        },
        isUsable: () => !terminal.state.disabled,
        cutNames: (bytes) => void (terminal.faults = { habits: { storedNameBytes: bytes } }),
        [Symbol.asyncDispose]: () => terminal.stop(),
      };
    },
  };
}

/** Every way to write to a terminal. */
export const WRITER_RIGS: readonly WriterRigKind[] = [zkWriterRig('tcp'), zkWriterRig('udp'), zkWriterRig('tcp', 28)];
