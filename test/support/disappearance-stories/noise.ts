import { DAY, HOUR, MINUTE, type World } from './world.js';

/** What goes on at any terminal: it has nothing to do with what the story is about, and some of it looks as if it had. */
export function addNoise(world: World): void {
  const { chance, moment, start } = world;
  for (let day = start; day < moment - DAY; day += DAY) {
    if (chance.holds(0.25)) keypadVisit(world, day + chance.below(DAY));
  }
  const near = (): number => moment - 55 * MINUTE + chance.below(110 * MINUTE);
  for (let i = chance.below(6); i > 0; i -= 1) idleKeypad(world, near());
  if (chance.holds(0.3)) arrival(world, near());
  if (chance.holds(0.25)) reusedSlot(world);
  if (chance.holds(0.2)) earlierRestart(world, moment - 20 * MINUTE - chance.below(5 * HOUR));
  if (chance.holds(0.2)) outage(world, near());
  if (chance.holds(0.2)) ownWrites(world);
}

function keypadVisit(world: World, at: number): void {
  const operator = world.operator();
  world.at(at, () => {
    const [slot] = world.terminal.someSlots(1);
    if (slot !== undefined && world.terminal.users.size > 5 && world.chance.holds(0.4)) {
      world.gone([slot], { cause: 'keypad_deletion', entry: { operation: 9 } });
      world.terminal.deleteAtKeypad(at, operator, slot);
    }
    world.terminal.enrolAtKeypad(at + MINUTE, operator, world.aUser(at));
  });
}

/** Menu, settings, alarms, access, doors, the clock, fingers of people who stay. */
function idleKeypad(world: World, at: number): void {
  const operation = world.chance.pick([2, 3, 4, 4, 5, 6, 10, 21, 23, 25, 29]);
  world.at(at, () => {
    const [slot] = world.terminal.someSlots(1);
    if (operation === 23) world.terminal.punches = 0;
    // The finger of somebody who stays: they are not to vanish for another reason just then.
    if (operation === 10 && (slot === undefined || at > world.moment - HOUR)) return;
    world.terminal.note(at, operation, world.operator(), slot ?? 0);
    if (operation === 21) world.terminal.driftMs = world.chance.below(4_000);
  });
}

function arrival(world: World, at: number): void {
  world.at(at, () => world.terminal.enrolAtKeypad(at, world.operator(), world.aUser(at)));
}

/** Shortly before the last good read, somebody was deleted and another enrolled, perhaps in the same slot. */
function reusedSlot(world: World): void {
  const at = world.moment - 15 * MINUTE - world.chance.below(40 * MINUTE);
  const operator = world.operator();
  world.at(at, () => {
    const [slot] = world.terminal.someSlots(1);
    if (slot === undefined || world.terminal.users.size < 6) return;
    world.gone([slot], { cause: 'keypad_deletion', entry: { operation: 9 } });
    world.terminal.deleteAtKeypad(at, operator, slot);
    world.terminal.enrolAtKeypad(at + 2 * MINUTE, operator, world.aUser(at + 2 * MINUTE));
  });
}

function earlierRestart(world: World, at: number): void {
  world.at(at, () => {
    world.terminal.note(at, 1, 0);
    world.terminal.note(at + world.terminal.make.bootMs, 0, 0);
  });
  world.boot(at);
}

/** The network is away, for seconds or for long; nothing happens to the terminal. */
function outage(world: World, at: number): void {
  const lasts = world.chance.holds(0.5) ? 5_000 + world.chance.below(MINUTE) : 20 * MINUTE + world.chance.below(HOUR);
  world.silences.push({ from: at, until: at + lasts, restart: false });
}

function ownWrites(world: World): void {
  const { chance, journal, moment, terminal } = world;
  for (const slot of terminal.someSlots(3)) {
    const id = terminal.users.get(slot)?.id ?? '';
    const kind = chance.pick(['refused', 'refused', 'put', 'long ago'] as const);
    if (kind === 'refused') journal.push({ id, kind: 'delete', state: 'not_done', at: moment - chance.below(HOUR) });
    if (kind === 'put') journal.push({ id, kind: 'put', state: 'done', at: moment - chance.below(DAY) });
    // Deleted by us long ago and entered again since.
    if (kind === 'long ago') {
      journal.push({ id, kind: 'delete', state: 'done', at: moment - 2 * DAY - chance.below(20 * DAY) });
    }
  }
}
