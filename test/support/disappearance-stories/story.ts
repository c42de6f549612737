import { type Cause, type DisappearanceEvidence } from '@app/incident-causes';
import { ACTS, type Act } from './acts.js';
import { addNoise } from './noise.js';
import { observe, type Observation, type Tells } from './observer.js';
import { MINUTE, World } from './world.js';

export interface Story {
  readonly seed: number;
  readonly act: Act;
  readonly evidence: DisappearanceEvidence;
  /** The true causes that left a trace which was read; empty: nothing that was read tells what happened. */
  readonly visible: readonly Cause[];
}

/** How many earlier runs of a program make a pattern. */
const PATTERN = 3;

/** The story of a seed; undefined if the seed's history shows no loss, or shows signs of what did not happen. */
export function storyOf(seed: number): Story | undefined {
  const world = new World(seed);
  const act = world.chance.pick(Object.keys(ACTS) as Act[]);
  const tells = whatItTells(world);
  addNoise(world);
  ACTS[act](world);
  const observation = observe(world, tells);
  if (!observation) return undefined;
  const visible = visibleCauses(world, tells, observation);
  if (visible.length === 0 && misleads(observation)) return undefined;
  return { seed, act, evidence: observation.evidence, visible };
}

/** The stories of the seeds from `firstSeed` on, until there are `told` with and `untold` without evidence. */
export function storiesFrom(firstSeed: number, told: number, untold: number): { told: Story[]; untold: Story[] } {
  const stories = { told: [] as Story[], untold: [] as Story[] };
  for (let seed = firstSeed; stories.told.length < told || stories.untold.length < untold; seed += 1) {
    const story = storyOf(seed);
    if (!story) continue;
    if (story.visible.length > 0 && stories.told.length < told) stories.told.push(story);
    if (story.visible.length === 0 && stories.untold.length < untold) stories.untold.push(story);
  }
  return stories;
}

function whatItTells({ chance, terminal }: World): Tells {
  return {
    serial: chance.holds(0.95),
    firmware: chance.holds(0.85),
    clock: chance.holds(0.85),
    counters: chance.holds(0.85),
    templates: chance.holds(0.3),
    log: terminal.make.hasLog && chance.holds(0.9),
    firstSeen: chance.holds(0.8),
  };
}

function visibleCauses(world: World, tells: Tells, { evidence, entries }: Observation): Cause[] {
  const visible = new Set<Cause>();
  let untold = 0;
  for (const { deviceUserId } of evidence.lost) {
    const fate = world.fates.get(deviceUserId);
    const told = fate !== undefined && leftTrace(world, tells, evidence, entries, fate);
    if (told) visible.add(fate.cause);
    else {
      untold += 1;
      if (fate) lesserTraces(tells, evidence, entries, fate.cause).forEach((cause) => visible.add(cause));
    }
    const next = evidence.arrived.find((user) => user.deviceUserId === world.moves.get(deviceUserId));
    if (next) visible.add('renumbered');
  }
  // Of an act that nobody saw, its size is what can be told.
  const known = evidence.knownUsers;
  if (untold >= 3 && (untold === known || (known >= 10 && untold > known / 5))) visible.add('bulk_wipe');
  return [...visible];
}

/** What is told of an act whose own mark cannot be read: an upgrade starts the terminal anew, another terminal has its firmware. */
function lesserTraces(
  tells: Tells,
  evidence: DisappearanceEvidence,
  entries: Observation['entries'],
  cause: Cause,
): Cause[] {
  if (cause === 'terminal_replaced' && tells.firmware && evidence.before.firmware !== evidence.now.firmware)
    return ['firmware_change'];
  const starts = cause === 'firmware_change' || cause === 'terminal_replaced';
  return starts && isNoted(0, evidence, entries) ? ['restart'] : [];
}

function leftTrace(
  world: World,
  tells: Tells,
  evidence: DisappearanceEvidence,
  entries: Observation['entries'],
  { cause, entry }: { readonly cause: Cause; readonly entry?: { readonly operation: number } },
): boolean {
  const noted = entry !== undefined && isNoted(entry.operation, evidence, entries);
  switch (cause) {
    case 'own_write':
      return true;
    case 'keypad_deletion':
    case 'data_cleared':
      return noted;
    case 'factory_reset':
      return noted || (tells.clock && world.terminal.make.losesClockOnReset);
    case 'terminal_replaced':
      return tells.serial;
    case 'firmware_change':
      return tells.firmware;
    case 'restart':
      return noted || (entries.length === 0 && evidence.unreachable.length > 0);
    case 'memory_full':
      return tells.counters;
    case 'other_program':
      return world.programRuns.length >= PATTERN;
    default:
      return false;
  }
}

/** Whether an entry that was truly made in the period was read. */
function isNoted(wanted: number, { period }: DisappearanceEvidence, entries: Observation['entries']): boolean {
  return entries.some(
    ({ operation, at }) => operation === wanted && at >= period.after.getTime() && at <= period.until.getTime(),
  );
}

/** The network failed for as long as a start takes, and no log says that it was none: honest evidence of what was not. */
function misleads({ evidence }: Observation): boolean {
  return (
    !evidence.operations?.length &&
    evidence.unreachable.some(({ from, until }) => until.getTime() - from.getTime() < 20 * MINUTE)
  );
}
