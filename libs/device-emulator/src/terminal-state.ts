import { createHash } from 'node:crypto';
import { slot, type WallTime, wallTimeFromDate } from '@app/kernel';
import {
  decodeUserRecord,
  encodeFreeSizes,
  encodeOperationRecord,
  encodePunchRecord,
  encodeSet,
  encodeTemplateRecord,
  encodeUserRecord,
  type PunchRecordWidth,
  type UserRecordWidth,
} from '@app/zk-protocol';
import {
  type EmulatedOperation,
  type EmulatedPunch,
  type EmulatedTemplate,
  type EmulatedUser,
} from './emulated-people.js';
import { type Lies } from './faults.js';

const PUNCH_CAPACITY = 200_000;

/** What an emulated terminal holds and how it would put it on the wire. */
export class TerminalState {
  /** Raw records by slot: what a client writes comes back byte for byte. */
  readonly records = new Map<number, Buffer>();
  readonly templates = new Map<string, EmulatedTemplate>();
  readonly punches: EmulatedPunch[] = [];
  readonly operations: EmulatedOperation[] = [];
  /** Slots written since the terminal last saved; it may lose them when its power fails. */
  readonly unsaved = new Set<number>();
  templateCapacity = 100_000;
  /** Whether a client has locked keypad and reader. */
  disabled = false;
  private userSetCache?: Buffer;
  private templateSetCache?: Buffer;
  /** By user ID; and how many are operators, and have a PIN: a terminal of 50,000 users is asked for these all the time. */
  private readonly slots = new Map<string, number>();
  private administrators = 0;
  private passwords = 0;

  constructor(
    readonly recordWidth: UserRecordWidth,
    public userCapacity: number,
    readonly options: Map<string, string>,
    /** Replaced when a client sets the time. */
    public clock: () => WallTime = () => wallTimeFromDate(new Date()),
    readonly punchWidth: PunchRecordWidth = recordWidth === 72 ? 40 : 16,
  ) {}

  users(): EmulatedUser[] {
    return this.sortedRecords().map((raw) => {
      const record = decodeUserRecord(raw, this.recordWidth);
      const { privilege, card, group, ownZones, zones, userId } = record;
      const password = record.password.toString('latin1');
      return {
        slot: record.slot,
        userId,
        name: Buffer.from(record.name),
        privilege,
        password,
        card,
        group,
        ownZones,
        zones,
      };
    });
  }

  setUsers(users: readonly EmulatedUser[]): void {
    this.forgetRecords();
    for (const user of users) this.putUser(user);
    this.save();
  }

  putUser(user: EmulatedUser): void {
    const password = Buffer.from(user.password, 'latin1');
    this.putRecord(encodeUserRecord({ ...user, slot: slot(user.slot), password }, this.recordWidth));
  }

  putRecord(raw: Buffer): void {
    const at = raw.readUInt16LE(0);
    this.uncount(at);
    this.records.set(at, Buffer.from(raw));
    this.slots.set(this.userIdOf(raw), at);
    this.administrators += Number(isOperator(raw));
    this.passwords += Number(hasPassword(raw));
    this.unsaved.add(at);
    this.userSetCache = undefined;
  }

  /** The user with all templates; punches stay. False: there is no such slot. */
  removeUser(at: number): boolean {
    this.userSetCache = undefined;
    for (const { slot: owner, finger } of this.templates.values()) if (owner === at) this.removeTemplate(owner, finger);
    this.unsaved.delete(at);
    this.uncount(at);
    return this.records.delete(at);
  }

  putTemplate(template: EmulatedTemplate): void {
    this.templates.set(`${template.slot}/${template.finger}`, template);
    this.templateSetCache = undefined;
  }

  /** False: there is none. */
  removeTemplate(owner: number, finger: number): boolean {
    this.templateSetCache = undefined;
    return this.templates.delete(`${owner}/${finger}`);
  }

  clearTemplates(): void {
    this.templates.clear();
    this.templateSetCache = undefined;
  }

  clearUsers(): void {
    this.forgetRecords();
    this.clearTemplates();
    this.unsaved.clear();
  }

  /** What was written until now survives a restart. */
  save(): void {
    this.unsaved.clear();
  }

  /** The slot that holds this user ID; undefined: none. */
  slotOf(userId: string): number | undefined {
    return this.slots.get(userId);
  }

  /** A digest of everything that users have: equal exactly when no user, credential or template differs. */
  snapshot(): string {
    const digest = createHash('sha256');
    for (const raw of this.sortedRecords()) digest.update(raw);
    const fingers = [...this.templates.values()].toSorted((a, b) => a.slot - b.slot || a.finger - b.finger);
    for (const { slot: owner, finger, flag, template } of fingers)
      digest.update(`${owner}/${finger}/${flag}/`).update(template);
    return `${this.records.size} users, ${this.templates.size} templates, ${digest.digest('hex')}`;
  }

  userSet(): Buffer {
    this.userSetCache ??= encodeSet(this.sortedRecords());
    return this.userSetCache;
  }

  templateSet(): Buffer {
    this.templateSetCache ??= encodeSet(
      [...this.templates.values()].map((template) => encodeTemplateRecord({ ...template, slot: slot(template.slot) })),
    );
    return this.templateSetCache;
  }

  punchSet(): Buffer {
    const records = this.punches.map(({ verify, state, slot: at, userId, time }) =>
      encodePunchRecord(
        // In 16-byte records the vendor's order is state, mode.
        this.punchWidth === 16
          ? { userId, time, first: state, second: verify, workCode: 0 }
          : { slot: slot(at), userId, time, first: verify, second: state, workCode: 0 },
        this.punchWidth,
      ),
    );
    return encodeSet(records);
  }

  operationSet(): Buffer {
    return encodeSet(this.operations.map(encodeOperationRecord));
  }

  /** The counters, with lies added to them. */
  counters(userLie: number, { punchCounter = 0, operationCounter = 0 }: Lies = {}): Buffer {
    return encodeFreeSizes(
      {
        users: Math.max(this.records.size + userLie, 0),
        templates: this.templates.size,
        punches: Math.max(this.punches.length + punchCounter, 0),
        operations: Math.max(this.operations.length + operationCounter, 0),
        administrators: this.administrators,
        passwords: this.passwords,
        templateCapacity: this.templateCapacity,
        userCapacity: this.userCapacity,
        punchCapacity: PUNCH_CAPACITY,
        templatesFree: this.templateCapacity - this.templates.size,
        usersFree: this.userCapacity - this.records.size,
        punchesFree: PUNCH_CAPACITY - this.punches.length,
      },
      this.recordWidth === 72 ? 92 : 80,
    );
  }

  /** @param administrator the slot of the operator; 0: nobody was asked */
  logOperation(operation: number, parameter = 0, administrator = 0): void {
    this.operations.push({ administrator, operation, time: this.clock(), parameters: [parameter, 0, 0, 0] });
  }

  private forgetRecords(): void {
    this.records.clear();
    this.slots.clear();
    this.administrators = 0;
    this.passwords = 0;
    this.userSetCache = undefined;
  }

  private uncount(at: number): void {
    const raw = this.records.get(at);
    if (!raw) return;
    const userId = this.userIdOf(raw);
    if (this.slots.get(userId) === at) this.slots.delete(userId);
    this.administrators -= Number(isOperator(raw));
    this.passwords -= Number(hasPassword(raw));
  }

  private userIdOf(raw: Buffer): string {
    return decodeUserRecord(raw, this.recordWidth).userId;
  }

  private sortedRecords(): Buffer[] {
    return [...this.records].toSorted(([a], [b]) => a - b).map(([, raw]) => raw);
  }
}

function isOperator(raw: Buffer): boolean {
  return (raw[2] & 0x0e) !== 0;
}

function hasPassword(raw: Buffer): boolean {
  return raw[3] !== 0;
}
