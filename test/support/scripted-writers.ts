import { DeviceError, type DeviceTarget } from '@app/device-gateway';
import {
  BadSnapshotError,
  DeviceWriter,
  DeviceWriterModule,
  DeviceWriters,
  TerminalHeadcount,
  type SnapshotDepth,
  type TerminalMark,
  type UserChange,
  type UserSnapshot,
  UserChangedError,
  WriteObserver,
  WRITER_OPTIONS,
  type WriterOptions,
  type WriteStep,
} from '@app/device-writer';
import { canonicalDeviceUserId, type DeviceUserId, slot } from '@app/kernel';
import { type Type } from '@nestjs/common';
import { type ManualClock } from './manual-clock.js';
import { openTestApp, type TestApp, type TestProviders } from './test-app.js';
import { type TestDatabase } from './test-database.js';

/** A user as the scripted terminal holds it. */
export interface ScriptedUser {
  readonly id: string;
  readonly slot: number;
  readonly name: string;
  readonly pin: string;
  readonly card: string | null;
  readonly privilege: number;
  readonly templates: readonly string[];
}

export type ScriptedWrite = 'update' | 'delete' | 'restore';

/** A user with a PIN and a finger, so that it can be seen whether they survive. */
export function aScriptedUser(id: string, change: Partial<ScriptedUser> = {}): ScriptedUser {
  const nth = Number(id);
  return {
    id,
    slot: nth,
    name: `User ${id}`,
    pin: '4711',
    card: null,
    privilege: 0,
    templates: [`finger of ${id}`],
    ...change,
  };
}

/** A terminal in memory that answers DeviceWriters: for the story around a write, whatever the protocol. */
export class ScriptedWriterTerminal implements Pick<DeviceWriters, 'open'> {
  readonly users = new Map<string, ScriptedUser>();
  /** What it was asked, in order: `open`, `read attributes`, `delete`, … */
  readonly log: string[] = [];
  /** Throws or waits before a read is answered. */
  onRead: (depth: SnapshotDepth) => Promise<void> = async () => undefined;
  /** Does a write, or not, or only half of it, or fails afterwards. */
  onWrite: (kind: ScriptedWrite, apply: () => void) => Promise<void> = async (_kind, apply) => apply();
  reachable = true;
  openSessions = 0;

  constructor(users: readonly ScriptedUser[] = []) {
    this.enrol(...users);
  }

  enrol(...users: readonly ScriptedUser[]): void {
    for (const user of users) this.users.set(user.id, user);
  }

  /** All that it holds, for comparing. */
  snapshot(): string {
    return JSON.stringify([...this.users].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  get writesReceived(): string[] {
    return this.log.filter((entry) => ['update', 'delete', 'restore'].includes(entry));
  }

  async open(_target: DeviceTarget, options: { readonly signal?: AbortSignal } = {}): Promise<DeviceWriter> {
    this.log.push('open');
    if (!this.reachable) throw new DeviceError('device/unreachable', 'Nobody answers', { stage: 'connect' });
    this.openSessions += 1;
    return new ScriptedWriter(this, options.signal);
  }
}

class ScriptedWriter extends DeviceWriter {
  readonly identity = { serialNumber: 'SCRIPTED' };

  constructor(
    private readonly terminal: ScriptedWriterTerminal,
    private readonly signal?: AbortSignal,
  ) {
    super();
  }

  async readUser(id: DeviceUserId, depth: SnapshotDepth): Promise<UserSnapshot | undefined> {
    this.signal?.throwIfAborted();
    this.terminal.log.push(`read ${depth}`);
    await this.terminal.onRead(depth);
    const user = this.terminal.users.get(id);
    return user && snapshotOf(user, depth);
  }

  plan(before: UserSnapshot, change: UserChange): UserSnapshot {
    const { name, cardNumber, privilege, hasPin } = change;
    const user = userOf(before.bytes);
    return snapshotOf(
      {
        ...user,
        ...(name === undefined ? {} : { name: name ?? '' }),
        ...(cardNumber === undefined ? {} : { card: cardNumber }),
        ...(privilege === undefined ? {} : { privilege }),
        ...(hasPin === false ? { pin: '' } : {}),
      },
      before.depth,
    );
  }

  async planRestore(snapshot: UserSnapshot): Promise<UserSnapshot> {
    const user = userOf(snapshot.bytes);
    const taken = new Set([...this.terminal.users.values()].map((each) => each.slot));
    let free = user.slot;
    while (taken.has(free)) free += 1;
    return snapshotOf({ ...user, slot: free }, 'everything');
  }

  async update(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    const { id } = userOf(before.bytes);
    const { templates: _unread, ...attributes } = userOf(after.bytes);
    this.requireUnchanged(before);
    await this.write('update', () => {
      const { templates } = this.terminal.users.get(id) ?? { templates: [] };
      this.terminal.users.set(id, { ...attributes, templates });
    });
  }

  async delete(before: UserSnapshot): Promise<void> {
    this.requireUnchanged(before);
    await this.write('delete', () => void this.terminal.users.delete(userOf(before.bytes).id));
  }

  async restore(planned: UserSnapshot): Promise<void> {
    await this.write('restore', () => this.terminal.enrol(userOf(planned.bytes)));
  }

  async merge(before: UserSnapshot, after: UserSnapshot): Promise<void> {
    this.requireUnchanged(before);
    await this.put(before, after);
  }

  async put(_before: UserSnapshot | undefined, after: UserSnapshot): Promise<void> {
    await this.write('restore', () => this.terminal.enrol(userOf(after.bytes)));
  }

  /** Forecasts know the forms of real protocols only, so that batches are tested against emulated terminals. */
  async readForBatch(): Promise<never> {
    throw new Error('The scripted terminal is of no protocol that a batch can be forecast for');
  }

  async mark(): Promise<TerminalMark> {
    return { counters: { users: this.terminal.users.size }, enrolled: new Set() };
  }

  decode(bytes: Buffer): UserSnapshot {
    try {
      const user = userOf(bytes);
      return snapshotOf(user, user.templates.length > 0 ? 'everything' : 'attributes');
    } catch (cause) {
      throw new BadSnapshotError('not of the scripted terminal', { cause });
    }
  }

  async close(): Promise<void> {
    this.terminal.openSessions -= 1;
  }

  /** As the real writers do, right before a write. */
  private requireUnchanged({ bytes, depth }: UserSnapshot): void {
    const user = this.terminal.users.get(userOf(bytes).id);
    if (!user || !snapshotOf(user, depth).bytes.equals(bytes)) throw new UserChangedError('changed at the terminal');
  }

  private async write(kind: ScriptedWrite, apply: () => void): Promise<void> {
    this.signal?.throwIfAborted();
    this.terminal.log.push(kind);
    await this.terminal.onWrite(kind, apply);
  }
}

/** In a fixed order of fields, so that equal users have equal bytes. */
function snapshotOf(user: ScriptedUser, depth: SnapshotDepth): UserSnapshot {
  const { id, slot: nth, name, pin, card, privilege, templates } = user;
  const read = depth === 'everything' ? templates : [];
  return {
    depth,
    user: {
      deviceUserId: canonicalDeviceUserId(id),
      rawUserId: id,
      slot: slot(nth),
      details: { name: name === '' ? null : name, nameBytes: Buffer.from(name), cardNumber: card },
      privilege,
      groupId: 1,
      timezoneId: null,
      hasPin: pin !== '',
    },
    credentials: [],
    bytes: Buffer.from(JSON.stringify({ id, slot: nth, name, pin, card, privilege, templates: read })),
  };
}

function userOf(bytes: Buffer): ScriptedUser {
  return JSON.parse(bytes.toString('utf8')) as ScriptedUser;
}

/** Remembers the steps of writes, and can stop the world at one. */
export class RecordingObserver extends WriteObserver {
  readonly steps: WriteStep[] = [];
  at: (step: WriteStep) => Promise<void> = async () => undefined;

  override async reached(step: WriteStep): Promise<void> {
    this.steps.push(step);
    await this.at(step);
  }
}

/** An application with the writer's library whose only terminal is the scripted one. */
export async function openWriterApp(
  terminal: ScriptedWriterTerminal,
  options: {
    readonly clock: ManualClock;
    readonly observer?: WriteObserver;
    readonly database?: TestDatabase;
    readonly modules?: readonly Type[];
    readonly writer?: WriterOptions;
    /** Of another app, as servers share their key file. */
    readonly dataDir?: string;
    /** Other providers to replace: token and value. */
    readonly provide?: TestProviders;
  },
): Promise<TestApp> {
  const { clock, observer, database, modules = [], writer, provide = [], dataDir } = options;
  return openTestApp([DeviceWriterModule, ...modules], {
    clock,
    database,
    env: dataDir === undefined ? {} : { DATA_DIR: dataDir },
    provide: [
      [DeviceWriters, terminal],
      [TerminalHeadcount, { count: async () => terminal.users.size }],
      [WriteObserver, observer ?? new WriteObserver()],
      [WRITER_OPTIONS, writer ?? { sendMs: 60_000, answerMs: 10_000, doubtMs: 3_000 }],
      ...provide,
    ],
  });
}
