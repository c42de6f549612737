import { type Cause } from '@app/incident-causes';
import { Chance } from '../name-variants/index.mjs';
import { DAY, HOUR, MINUTE, type Make, SimTerminal, type SimUser } from './sim-terminal.js';

const GIVEN =
  'Amina Bekele Carlos Devi Elena Farid Gita Hana Ivan Jamal Kofi Lina Mateo Nadia Omar Petra Rosa Samir Tara Yusuf'.split(
    ' ',
  );
const FAMILY =
  'Abbas Bose Castro Desta Eriksen Farouk Girma Haddad Ito Jansen Khan Lopez Mengistu Nair Okafor Perez Qureshi Rao Saleh Tesfaye'.split(
    ' ',
  );

/** An own write as Holdfast's journal would hold it. */
export interface Journalled {
  readonly id: string;
  readonly kind: 'put' | 'delete';
  readonly state: 'open' | 'done' | 'not_done' | 'undetermined';
  readonly at: number;
}

/** Why a user is gone: the cause, and what of it was written where. */
export interface Fate {
  readonly cause: Cause;
  /** When and by which operation a log entry was made for it; none if the act leaves no entry. */
  readonly entry?: { readonly operation: number };
}

/** Something that happens at a moment. */
export interface Happening {
  readonly at: number;
  readonly run: () => void;
}

/** The terminal, who comes to it, and what becomes of everybody. */
export class World {
  readonly chance: Chance;
  terminal: SimTerminal;
  readonly happenings: Happening[] = [];
  readonly fates = new Map<string, Fate>();
  readonly moves = new Map<string, string>();
  readonly journal: Journalled[] = [];
  /** When it does not answer: it starts anew, or the network is away. */
  readonly silences: { from: number; until: number; restart: boolean }[] = [];
  readonly start = Date.UTC(2026, 2, 2);
  /** When what the story is about happens. */
  readonly moment: number;
  readonly programRuns: number[] = [];
  private nextId: number;
  private readonly longIds: boolean;

  constructor(seed: number) {
    this.chance = new Chance(seed * 7_919 + 13);
    const { chance } = this;
    this.longIds = chance.holds(0.5);
    this.nextId = this.longIds ? 10_000 + chance.below(5_000) : 1;
    this.moment = this.start + 24 * DAY + chance.below(DAY);
    const size = 8 + chance.below(chance.holds(0.2) ? 400 : 90);
    this.terminal = new SimTerminal(this.aMake(size), this.aSerial(), this.aFirmware(), chance);
    for (let i = 0; i < size; i += 1) {
      this.terminal.users.set(this.terminal.freeSlot(), this.aUser(this.start - chance.below(300) * DAY));
    }
  }

  at(moment: number, run: () => void): void {
    this.happenings.push({ at: moment, run });
  }

  aUser(enrolledAt: number, like?: Partial<SimUser>): SimUser {
    const { chance } = this;
    const id = String(this.nextId);
    this.nextId += 1 + (this.longIds ? chance.below(7) : 0);
    return {
      id,
      name: `${chance.pick(GIVEN)} ${chance.pick(FAMILY)} ${id}x`.replace(/\d+/, (digits) => letters(Number(digits))),
      card: chance.holds(0.5) ? String(1_000_000 + chance.below(9_000_000)) : null,
      digests: chance.holds(0.7) ? [`d${chance.below(2 ** 30)}`] : [],
      enrolledAt,
      ...like,
    };
  }

  operator(): number {
    return this.chance.holds(0.15) ? 0 : 1 + this.chance.below(5);
  }

  /** Users vanish: who they were is noted with why. */
  gone(slots: readonly number[], fate: Fate): void {
    for (const slot of slots) {
      const user = this.terminal.users.get(slot);
      if (user) this.fates.set(user.id, fate);
    }
  }

  removeSilently(slots: readonly number[], fate: Fate): void {
    this.gone(slots, fate);
    for (const slot of slots) this.terminal.users.delete(slot);
  }

  boot(at: number): void {
    this.silences.push({ from: at, until: at + this.terminal.make.bootMs, restart: true });
  }

  aSerial(): string {
    return `SN${100_000 + this.chance.below(900_000)}`;
  }

  aFirmware(): string {
    return `Ver 6.60 ${this.chance.pick(['Jan', 'May', 'Sep'])} ${1 + this.chance.below(28)} 20${16 + this.chance.below(9)}`;
  }

  private aMake(size: number): Make {
    const { chance } = this;
    return {
      hasLog: chance.holds(0.75),
      logsIds: chance.holds(0.1),
      reusesSlots: chance.holds(0.4),
      losesClockOnReset: chance.holds(0.6),
      clearsLogOnReset: chance.holds(0.5),
      capacity: Math.max(1_000, size * 2),
      bootMs: 40_000 + chance.below(110_000),
    };
  }
}

/** A number in letters: no two people of a story have one name. */
function letters(number: number): string {
  return [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}

export { DAY, HOUR, MINUTE };
