import { SimTerminal } from './sim-terminal.js';
import { DAY, HOUR, MINUTE, type World } from './world.js';

/** What a story can be about. Each act changes the terminal as the real one would; what a reader sees of it is not its concern. */
export const ACTS = {
  ownWrite(world: World): void {
    const { chance, moment } = world;
    const state = chance.pick(['done', 'done', 'undetermined', 'open'] as const);
    world.at(moment, () => {
      for (const slot of few(world)) {
        const id = world.terminal.users.get(slot)?.id ?? '';
        world.journal.push({ id, kind: 'delete', state, at: moment - chance.below(20_000) });
        if (chance.holds(0.3)) world.terminal.note(moment, 9, 0, slot);
        world.removeSilently([slot], { cause: 'own_write' });
      }
    });
  },

  keypadDeletion(world: World): void {
    const operator = world.operator();
    const operation = world.chance.holds(0.8) ? 9 : world.chance.pick([10, 11, 12]);
    world.at(world.moment, () => {
      few(world).forEach((slot, index) => {
        world.gone([slot], { cause: 'keypad_deletion', entry: { operation } });
        world.terminal.deleteAtKeypad(world.moment + index * 15_000, operator, slot, operation);
      });
    });
  },

  /** A leaver's card is given to a newcomer: two people, one card. */
  cardHandedOn(world: World): void {
    const operator = world.operator();
    world.at(world.moment, () => {
      const [slot] = world.terminal.someSlots(1);
      const card = world.terminal.users.get(slot)?.card ?? null;
      world.gone([slot], { cause: 'keypad_deletion', entry: { operation: 9 } });
      world.terminal.deleteAtKeypad(world.moment, operator, slot);
      world.terminal.enrolAtKeypad(world.moment + 30_000, operator, world.aUser(world.moment, { card }));
    });
  },

  dataCleared(world: World): void {
    const operator = world.operator();
    world.at(world.moment, () => {
      world.gone([...world.terminal.users.keys()], { cause: 'data_cleared', entry: { operation: 13 } });
      world.terminal.clear(world.moment, operator);
      if (world.chance.holds(0.3)) restartNow(world, world.moment + 20_000);
    });
  },

  factoryReset(world: World): void {
    const operator = world.operator();
    world.boot(world.moment);
    world.at(world.moment, () => {
      world.gone([...world.terminal.users.keys()], { cause: 'factory_reset', entry: { operation: 22 } });
      world.terminal.reset(world.moment, operator);
    });
  },

  terminalReplaced(world: World): void {
    world.silences.push({
      from: world.moment,
      until: world.moment + 2 * MINUTE + world.chance.below(20 * MINUTE),
      restart: false,
    });
    world.at(world.moment, () => {
      const old = world.terminal;
      const firmware = world.chance.holds(0.4) ? old.firmware : world.aFirmware();
      const next = new SimTerminal(old.make, world.aSerial(), firmware, world.chance);
      const kept = world.chance.holds(0.3)
        ? new Set(old.someSlots(Math.floor(old.users.size * 0.6)))
        : new Set<number>();
      world.gone(
        [...old.users.keys()].filter((slot) => !kept.has(slot)),
        { cause: 'terminal_replaced' },
      );
      for (const slot of kept) next.users.set(next.freeSlot(), old.users.get(slot)!);
      next.note(world.moment, 0, 0);
      next.punches = world.chance.below(20);
      world.terminal = next;
    });
  },

  firmwareChange(world: World): void {
    world.boot(world.moment);
    world.at(world.moment, () => {
      const { terminal, chance } = world;
      terminal.firmware = `Ver 8.0.4 build ${chance.below(10_000)}`;
      restartNow(world, world.moment);
      const many = chance.holds(0.4) ? terminal.users.size : 1 + chance.below(Math.ceil(terminal.users.size / 2));
      world.removeSilently(terminal.someSlots(many), { cause: 'firmware_change' });
    });
  },

  /** Power fails: who was entered since the last saving is lost; sometimes a damaged record. */
  restart(world: World): void {
    const { chance, moment } = world;
    const unsaved = chance.holds(0.8);
    const enrolledAt = moment - 3 * HOUR + chance.below(HOUR);
    const newcomers = Array.from({ length: 1 + chance.below(3) }, () => world.aUser(enrolledAt));
    if (unsaved)
      world.at(enrolledAt, () => newcomers.forEach((user) => world.terminal.enrolAtKeypad(enrolledAt, 1, user)));
    world.boot(moment);
    world.at(moment, () => {
      const slots = unsaved ? newcomers.map(({ id }) => world.terminal.slotOf(id)!) : world.terminal.someSlots(1);
      world.removeSilently(slots, { cause: 'restart', entry: { operation: 0 } });
      restartNow(world, moment);
    });
  },

  memoryFull(world: World): void {
    const { chance, moment } = world;
    const newcomers = 1 + chance.below(2);
    world.at(moment - DAY / 2, () => {
      Object.assign(world.terminal.make, { capacity: world.terminal.users.size + chance.below(2) });
      while (world.terminal.users.size < world.terminal.make.capacity) {
        world.terminal.users.set(world.terminal.freeSlot(), world.aUser(moment - DAY / 2));
      }
    });
    world.at(moment, () => {
      while (world.terminal.users.size + newcomers > world.terminal.make.capacity) {
        world.removeSilently(world.terminal.oldestSlots(1), { cause: 'memory_full' });
      }
      for (let i = 0; i < newcomers; i += 1) world.terminal.enrolAtKeypad(moment + i * 30_000, 1, world.aUser(moment));
    });
  },

  renumberedAtKeypad(world: World): void {
    const operator = world.operator();
    world.at(world.moment, () => {
      few(world).forEach((slot, index) => {
        const { id, name, card } = world.terminal.users.get(slot)!;
        const at = world.moment + index * 60_000;
        world.gone([slot], { cause: 'keypad_deletion', entry: { operation: 9 } });
        world.terminal.deleteAtKeypad(at, operator, slot);
        const next = world.aUser(at, { name: world.chance.holds(0.7) ? name : name.toUpperCase(), card });
        world.terminal.enrolAtKeypad(at + 20_000, operator, next);
        world.moves.set(id, next.id);
      });
    });
  },

  renumberedByProgram(world: World): void {
    world.at(world.moment, () => {
      for (const slot of few(world)) {
        const { id, name, card, digests, enrolledAt } = world.terminal.users.get(slot)!;
        const next = world.aUser(enrolledAt, { name, card, digests });
        world.removeSilently([slot], { cause: 'renumbered' });
        world.terminal.users.set(world.terminal.freeSlot(), next);
        world.moves.set(id, next.id);
      }
    });
  },

  /** A program mirrors a list of its own at fixed times. */
  otherProgram(world: World): void {
    const { chance, moment, start } = world;
    const period = chance.pick([DAY, DAY, DAY, 7 * DAY, 12 * HOUR, 6 * HOUR, 2 * DAY]);
    const busy = period < DAY ? 0.3 : period === DAY ? 0.6 : 1;
    for (let at = moment; at > start; at -= period) {
      if (at < moment && !chance.holds(busy)) continue;
      const late = moment === at ? 0 : chance.below(4 * MINUTE);
      world.at(at + late, () => {
        const removed = few(world);
        if (at < moment && removed.length > 0) world.programRuns.push(at + late);
        world.removeSilently(removed, { cause: 'other_program' });
        for (let i = chance.below(4); i > 0; i -= 1)
          world.terminal.users.set(world.terminal.freeSlot(), world.aUser(at));
      });
    }
  },

  bulkWipe(world: World): void {
    world.at(world.moment, () => {
      const { terminal, chance } = world;
      const all = chance.holds(0.6);
      const many = all ? terminal.users.size : Math.ceil(terminal.users.size * (0.3 + 0.6 * chance.next()));
      world.removeSilently(terminal.someSlots(many), { cause: 'bulk_wipe' });
      if (all && chance.holds(0.5)) terminal.empty();
    });
  },

  /** Gone, and nothing anywhere tells why. */
  silent(world: World): void {
    world.at(world.moment, () => world.removeSilently(few(world), { cause: 'unknown' }));
  },

  /** An operator at the keypad, and a program that nobody knows of, between the same two reads. */
  twoCauses(world: World): void {
    ACTS.keypadDeletion(world);
    ACTS.silent(world);
  },
};

export type Act = keyof typeof ACTS;

function few(world: World): number[] {
  const most = Math.max(1, Math.min(4, Math.floor(world.terminal.users.size / 6)));
  return world.terminal.someSlots(1 + world.chance.below(most));
}

function restartNow(world: World, at: number): void {
  world.terminal.note(at, 1, 0);
  world.terminal.note(at + world.terminal.make.bootMs, 0, 0);
}
