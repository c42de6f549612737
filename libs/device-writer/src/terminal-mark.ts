import { type DeviceUserId } from '@app/kernel';
import { type HeldTraits, type ForecastFacts } from './restore-forecast.js';
import { type Counted, type Growth } from './terminal-room.js';
import { type UserSnapshot } from './user-snapshot.js';

/** By what it shows that somebody has changed the users of a terminal: cheap to ask for, and no proof of the contrary. */
export interface TerminalMark {
  /** What it counts; `operations`: the entries of its operation log, which our own writes may add to. */
  readonly counters: Readonly<Partial<Record<Counted | 'operations', number>>>;
  /** Who was enrolled at its keypad since the session began. */
  readonly enrolled: ReadonlySet<DeviceUserId>;
}

/** A terminal as it was read before many of its users are written. */
export interface BatchRead {
  readonly facts: ForecastFacts;
  /** Of everybody. Terminals that tell a card only of one user at a time give those of the users asked for. */
  readonly traits: readonly HeldTraits[];
  /** Everything of those users asked for who are there. */
  readonly users: ReadonlyMap<DeviceUserId, UserSnapshot>;
  readonly mark: TerminalMark;
}

const NOTHING: Growth = new Map();

/**
 * Whether a terminal is as it was, but for what our own writes since may have added: all of it, some, or nothing, since
 * a write can fail.
 * @param growth undefined: nothing was sent since
 * @param ours who may have been handed over because we wrote him
 */
export function isUntouched(
  before: TerminalMark,
  now: TerminalMark,
  growth: Growth | undefined,
  ours: ReadonlySet<DeviceUserId>,
): boolean {
  if ([...now.enrolled].some((id) => !before.enrolled.has(id) && !ours.has(id))) return false;
  return Object.entries(before.counters).every(([kind, count]) => {
    const found = now.counters[kind as Counted];
    if (count === undefined || found === undefined) return count === found;
    if (kind === 'operations') return growth ? found >= count : found === count;
    const more = moreOf(growth ?? NOTHING, kind as Counted);
    return found >= Math.min(count, count + more) && found <= Math.max(count, count + more);
  });
}

/** What firmware counts as faces may be templates, pictures, or users who have either. */
function moreOf(growth: Growth, kind: Counted): number {
  const more = growth.get(kind) ?? 0;
  return kind === 'face' ? more + (growth.get('photo') ?? 0) : more;
}
