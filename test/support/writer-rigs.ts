import { BackupNumber, isReadOrSessionMessage } from '@app/aiface-protocol';
import {
  type AifaceEffect,
  type AifaceProfileName,
  AifaceTerminal,
  aifacePunchOf,
  aifaceUserOf,
  type AifaceWriteStep,
  type AnswerEffect,
  type EmulatedAifaceUser,
  type EmulatedTemplate,
  type EmulatedUser,
  inventPunches,
  type ProtocolStep,
  ZkTerminal,
} from '@app/device-emulator';
import { DeviceNetworks, AifaceSessions, type DeviceTarget, type GatewayTimeouts } from '@app/device-gateway';
import { DeviceWriters } from '@app/device-writer';
import { canonicalDeviceUserId, SystemClock } from '@app/kernel';
import { isReadOfWriteSession } from '@app/zk-protocol';
import { targetOf } from './builders.js';
import { openListener } from './terminal-rigs.js';

const LOOPBACK = new DeviceNetworks(['127.0.0.0/8']);

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
        writers: new DeviceWriters(new SystemClock(), timeouts, new AifaceSessions(), LOOPBACK),
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

const AIFACE_EFFECTS: readonly AifaceEffect[] = [
  { kind: 'decline' },
  { kind: 'decline', reason: 12, text: 'face is double,id=1432' },
  { kind: 'unheeded', reply: 'ok' },
  { kind: 'unheeded', reply: 'silence' },
  { kind: 'unheeded', reply: 'reconnect' },
  { kind: 'silence' },
  { kind: 'reconnect' },
  { kind: 'reply-then-reconnect' },
  { kind: 'duplicate' },
  { kind: 'late' },
  { kind: 'cut' },
  { kind: 'refuse' },
  { kind: 'junk' },
  { kind: 'not-json' },
  { kind: 'wrong-serial' },
  { kind: 'wrong-command' },
  { kind: 'odd-json' },
  { kind: 'push-first' },
  { kind: 'binary' },
];
/** The first, one in between, and the last. */
const AIFACE_STEPS: Readonly<Record<WriteOperation, readonly (readonly [AifaceWriteStep, number])[]>> = {
  update: [['set', 1]],
  delete: [
    ['delete', 1],
    ['delete', 4],
    ['delete', 8],
  ],
  restore: [
    ['set', 1],
    ['set', 3],
    ['set', 7],
  ],
};
const FACE_TEMPLATE = 20;

/** The same person on an AiFace terminal; who has many fingers has a face and a profile too. */
export function aifacePersonOf({ user, fingers }: RigPerson): EmulatedAifaceUser {
  const plain = aifaceUserOf(user);
  const credentials = new Map(plain.credentials);
  for (const { finger, template } of fingers) credentials.set(finger, template.toString('hex'));
  if (fingers.length < 3) return { ...plain, credentials };
  credentials.set(FACE_TEMPLATE, fingers[0].template.toString('base64'));
  credentials.set(BackupNumber.PHOTO, `/9j/${fingers[1].template.toString('base64')}`);
  return { ...plain, credentials, profile: { department: 'Stores', shiftid: 2 } };
}

export function aifaceWriterRig(profile: AifaceProfileName): WriterRigKind {
  return {
    name: `aiface (${profile})`,
    hasSlots: false,
    nameBytes: undefined,
    zones: undefined,
    steps: 'several',
    async start({ people, timeouts, userCapacity = 5_000 }) {
      const { listener, sessions, url } = await openListener(timeouts);
      const punches = inventPunches(
        people.map(({ user }) => user),
        { days: 2, until: new Date('2026-01-31T00:00:00Z') },
      ).map(aifacePunchOf);
      const options = { server: url, profile, serialNumber: SERIAL, punches, userCapacity, redialMs: 5 };
      const terminal = AifaceTerminal.start(options);
      const setPeople = (wanted: readonly RigPerson[]): void =>
        terminal.setUsers(
          wanted.map(aifacePersonOf).map((user) => {
            // A profile that the terminal would never tell cannot be kept.
            const { profile: _, ...rest } = user;
            return terminal.profile.takesProfiles ? user : rest;
          }),
        );
      setPeople(people);
      const target = { driver: 'aiface', serialNumber: SERIAL, weakerProof: false } as const;
      return {
        writers: new DeviceWriters(new SystemClock(), timeouts, sessions, LOOPBACK),
        target,
        foreignTarget: { ...target, serialNumber: 'ANOTHER' },
        ready: () => terminal.until(() => terminal.isRegistered && sessions.find(SERIAL) !== undefined),
        setPeople,
        state: () =>
          new Map(
            terminal.users().map(({ credentials, ...user }) => {
              const records = [...credentials].toSorted(([one], [other]) => one - other);
              return [canonicalDeviceUserId(user.enrollId), JSON.stringify([user, records])];
            }),
          ),
        punches: () => terminal.state.log.length,
        faults: (operation) =>
          AIFACE_STEPS[operation].flatMap(([step, nth]) =>
            AIFACE_EFFECTS.map((effect) => ({
              name: `${Object.values(effect).join(' ')} at no. ${nth} of ${step}`,
              lies: effect.kind === 'unheeded' && effect.reply === 'ok',
              set: () => void (terminal.faults = { replies: [{ step, nth, effect }] }),
            })),
          ),
        clearFaults: () => void (terminal.faults = {}),
        takeWrites: () => {
          const writes = terminal.journal.outside(isReadOrSessionMessage).map(({ message }) => JSON.stringify(message));
          terminal.journal.clear();
          return writes;
        },
        isUsable: () => true,
        cutNames: (bytes) => void (terminal.faults = { lies: { storedNameBytes: bytes } }),
        async [Symbol.asyncDispose]() {
          await terminal.stop();
          await listener.stop();
        },
      };
    },
  };
}

/** Every way to write to a terminal. */
export const WRITER_RIGS: readonly WriterRigKind[] = [
  zkWriterRig('tcp'),
  zkWriterRig('udp'),
  zkWriterRig('tcp', 28),
  aifaceWriterRig('ai06'),
  aifaceWriterRig('topdata'),
  aifaceWriterRig('quiet-end'),
  aifaceWriterRig('dialect-b'),
];
