import { type DeviceUserId } from '@app/kernel';
import {
  type DisappearanceEvidence,
  type LoggedOperation,
  type TerminalFacts,
  type UserTraits,
} from '@app/incident-causes';
import { type SimEntry } from './sim-terminal.js';
import { DAY, HOUR, MINUTE, type World } from './world.js';

/** What the reader gets out of a terminal of this make; most tell all, some hardly anything. */
export interface Tells {
  readonly serial: boolean;
  readonly firmware: boolean;
  readonly clock: boolean;
  readonly counters: boolean;
  readonly templates: boolean;
  readonly log: boolean;
  readonly firstSeen: boolean;
}

interface Seen {
  readonly users: ReadonlyMap<string, UserTraits>;
  readonly facts: TerminalFacts;
}

export interface Observation {
  readonly evidence: DisappearanceEvidence;
  /** The entries behind `evidence.operations`. */
  readonly entries: readonly SimEntry[];
}

/**
 * Plays the history of a world and looks at it as Holdfast does, every few minutes, when the terminal answers; tells what is
 * known of the users who vanished at the moment of the story. Undefined if the reads show none.
 */
export function observe(world: World, tells: Tells): Observation | undefined {
  const { chance, moment } = world;
  const every = chance.pick([5, 5, 5, 15, 60]) * MINUTE;
  const phase = chance.below(every);
  const answers = (at: number): boolean => !world.silences.some(({ from, until }) => at >= from && at <= until);
  const readFrom = (at: number, step: number): number => {
    const first = world.start + phase + Math.floor((at - world.start - phase) / every) * every + (step > 0 ? every : 0);
    let read = first;
    while (!answers(read)) read += step;
    return read;
  };
  const readAfter = (at: number): number => readFrom(at, every);
  const readBefore = (at: number): number => readFrom(at, -every);

  const happenings = [...world.happenings].sort((a, b) => a.at - b.at);
  const changes: { after: number; until: number; departed: number; arrived: number }[] = [];
  const firstSeen = new Map<string, number>();
  let story: { before: Seen; now: Seen; after: number; until: number } | undefined;
  for (let i = 0; i < happenings.length;) {
    const after = readBefore(happenings[i].at);
    const until = readAfter(happenings[i].at);
    // Whole pictures are taken for the story alone; of other changes, the numbers suffice.
    const isStory = until === readAfter(moment);
    const before = isStory ? look(world, tells, after, firstSeen) : undefined;
    const idsBefore = idsOf(world);
    for (; i < happenings.length && readAfter(happenings[i].at) === until; i += 1) happenings[i].run();
    const idsNow = idsOf(world);
    const arrived = [...idsNow].filter((id) => !idsBefore.has(id));
    const departed = [...idsBefore].filter((id) => !idsNow.has(id));
    for (const id of arrived) firstSeen.set(id, until);
    if (before !== undefined) {
      story = { before, now: look(world, tells, until, firstSeen), after, until };
      break;
    }
    if (departed.length + arrived.length > 0) {
      changes.push({ after, until, departed: departed.length, arrived: arrived.length });
    }
  }
  if (!story) return undefined;
  const { before, now, after, until } = story;
  const lost = [...before.users.values()].filter(({ deviceUserId }) => !now.users.has(deviceUserId));
  if (lost.length === 0) return undefined;
  const driftMs = tells.clock ? world.terminal.driftMs : 0;
  const entries = tells.log
    ? world.terminal.log.filter(({ shown }) => shown - driftMs >= after - HOUR && shown - driftMs <= until + HOUR)
    : [];
  const evidence: DisappearanceEvidence = {
    lost,
    knownUsers: before.users.size,
    remainingUsers: before.users.size - lost.length,
    period: { after: new Date(after), until: new Date(until) },
    arrived: [...now.users.values()].filter(({ deviceUserId }) => !before.users.has(deviceUserId)),
    before: before.facts,
    now: now.facts,
    operations: tells.log ? entries.map((entry) => logged(entry, driftMs)) : undefined,
    ownWrites: world.journal
      .filter(({ at }) => at <= until)
      .map(({ id, kind, state, at }) => ({
        deviceUserId: id as DeviceUserId,
        kind,
        state,
        at: new Date(at),
        by: 'office',
      })),
    foreignChanges: changes
      .filter((change) => change.after > until - 28 * DAY)
      .map((change) => ({ ...change, after: new Date(change.after), until: new Date(change.until) })),
    ownSessions: [{ from: new Date(until - 3_000), until: new Date(until), service: 'monitoring' }],
    unreachable: failedConnections(world, after, until),
  };
  return { evidence, entries };
}

function look(world: World, tells: Tells, at: number, firstSeen: ReadonlyMap<string, number>): Seen {
  const { terminal } = world;
  const users = new Map<string, UserTraits>();
  for (const [slot, { id, name, card, digests }] of terminal.users) {
    const seen = firstSeen.get(id) ?? world.start;
    users.set(id, {
      deviceUserId: id as DeviceUserId,
      slot,
      name,
      cardNumber: card,
      templateDigests: tells.templates ? digests : undefined,
      firstSeenAt: tells.firstSeen ? new Date(seen) : undefined,
    });
  }
  const told = <T>(tellsIt: boolean, value: T): T | undefined => (tellsIt ? value : undefined);
  const facts: TerminalFacts = {
    serialNumber: told(tells.serial, terminal.serial),
    firmware: told(tells.firmware, terminal.firmware),
    clockDriftSeconds: told(tells.clock, Math.round(terminal.driftMs / 1000)),
    clockShows: told(tells.clock, new Date(at + terminal.driftMs).toISOString().slice(0, 19).replace('T', ' ')),
    users: told(tells.counters, terminal.users.size),
    userCapacity: told(tells.counters, terminal.make.capacity),
    punches: told(tells.counters, terminal.punches),
  };
  return { users, facts };
}

function idsOf({ terminal }: World): Set<string> {
  return new Set([...terminal.users.values()].map(({ id }) => id));
}

function logged({ shown, operation, operator, parameter }: SimEntry, driftMs: number): LoggedOperation {
  return { at: new Date(shown - driftMs), operation, operator, parameters: [parameter, 0, 0, 0] };
}

/** A silence is noticed if it lasts: Holdfast keeps the connection open or tries again. */
function failedConnections(world: World, after: number, until: number): { from: Date; until: Date }[] {
  return world.silences
    .filter((silence) => silence.from >= after && silence.from <= until && silence.until - silence.from >= 10_000)
    .map((silence) => ({ from: new Date(silence.from), until: new Date(Math.min(silence.until, until)) }));
}
