import { type Chance } from '../name-variants/index.mjs';

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export interface SimUser {
  readonly id: string;
  readonly name: string;
  readonly card: string | null;
  readonly digests: readonly string[];
  readonly enrolledAt: number;
}

export interface SimEntry {
  /** When it truly happened. */
  readonly at: number;
  /** What the terminal's clock showed. */
  readonly shown: number;
  readonly operation: number;
  readonly operator: number;
  readonly parameter: number;
}

/** How a terminal is made; none of it changes with what happens to it. */
export interface Make {
  readonly hasLog: boolean;
  /** Some firmware writes the ID where others write the slot. */
  readonly logsIds: boolean;
  readonly reusesSlots: boolean;
  readonly losesClockOnReset: boolean;
  readonly clearsLogOnReset: boolean;
  readonly capacity: number;
  readonly bootMs: number;
}

/** A terminal as it is, whoever looks at it: its users by slot, its clock, its log. Times are milliseconds of true time. */
export class SimTerminal {
  readonly users = new Map<number, SimUser>();
  log: SimEntry[] = [];
  punches: number;
  /** How far its clock is ahead. */
  driftMs: number;

  constructor(
    readonly make: Make,
    public serial: string,
    public firmware: string,
    private readonly chance: Chance,
  ) {
    this.driftMs = Math.round((chance.next() - 0.5) * (chance.holds(0.1) ? 8 : 3) * MINUTE);
    this.punches = 50 + chance.below(20_000);
  }

  note(at: number, operation: number, operator: number, parameter = 0): void {
    if (this.make.hasLog) this.log.push({ at, shown: at + this.driftMs, operation, operator, parameter });
  }

  slotOf(id: string): number | undefined {
    return [...this.users].find(([, user]) => user.id === id)?.[0];
  }

  freeSlot(): number {
    let slot = this.make.reusesSlots ? 1 : Math.max(0, ...this.users.keys()) + 1;
    while (this.users.has(slot)) slot += 1;
    return slot;
  }

  enrolAtKeypad(at: number, operator: number, user: SimUser): void {
    const slot = this.freeSlot();
    this.users.set(slot, user);
    this.note(at, 30, operator, this.parameterOf(slot));
    this.note(at + 20_000, user.digests.length > 0 ? 6 : 8, operator, this.parameterOf(slot));
  }

  deleteAtKeypad(at: number, operator: number, slot: number, operation = 9): void {
    this.note(at, operation, operator, this.parameterOf(slot));
    this.users.delete(slot);
  }

  clear(at: number, operator: number): void {
    this.note(at, 13, operator);
    this.empty();
  }

  reset(at: number, operator: number): void {
    this.note(at, 22, operator);
    this.empty();
    if (this.make.clearsLogOnReset) this.log = [];
    if (this.make.losesClockOnReset) this.driftMs = Date.UTC(2000, 0, 1) - at;
    this.note(at + this.make.bootMs, 0, 0);
  }

  empty(): void {
    this.users.clear();
    this.punches = 0;
  }

  oldestSlots(many: number): number[] {
    return [...this.users]
      .sort(([, a], [, b]) => a.enrolledAt - b.enrolledAt)
      .slice(0, many)
      .map(([slot]) => slot);
  }

  someSlots(many: number): number[] {
    const slots = [...this.users.keys()];
    while (slots.length > many) slots.splice(this.chance.below(slots.length), 1);
    return slots;
  }

  private parameterOf(slot: number): number {
    return this.make.logsIds ? Number(this.users.get(slot)?.id ?? slot) % 65_536 : slot;
  }
}
