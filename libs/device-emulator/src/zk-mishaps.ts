import { canonicalDeviceUserId } from '@app/kernel';
import { ZkOperation } from '@app/zk-protocol';
import { type EmulatedUser } from './emulated-people.js';
import { type Loss, type Mishaps, type Replacement } from './mishaps.js';
import { clockFrom, FACTORY_TIME } from './terminal-clock.js';
import { type TerminalState } from './terminal-state.js';

/** What mishaps need of their terminal. */
export interface MishapHost {
  readonly state: TerminalState;
  enrol(user: EmulatedUser): void;
  dropConnections(): void;
}

/** Mishaps of an emulated ZK terminal. What happens at its keypad or to its power stands in its operation log. */
export class ZkMishaps implements Mishaps<EmulatedUser> {
  constructor(private readonly host: MishapHost) {}

  deleteAtKeypad(userIds: readonly string[], operator = 0): void {
    for (const { slot } of this.found(userIds)) {
      this.state.removeUser(slot);
      this.state.logOperation(ZkOperation.USER_DELETED, slot, operator);
    }
  }

  clearAtKeypad(operator = 0): string[] {
    const lost = this.emptied();
    this.state.punches.length = 0;
    this.state.logOperation(ZkOperation.DATA_CLEARED, 0, operator);
    return lost;
  }

  resetToFactory(log: 'entry' | 'nothing' = 'entry'): string[] {
    const lost = this.emptied();
    this.state.punches.length = 0;
    this.state.operations.length = 0;
    this.state.clock = clockFrom(FACTORY_TIME, this.state.clock);
    if (log === 'entry') this.state.logOperation(ZkOperation.FACTORY_RESET);
    this.host.dropConnections();
    return lost;
  }

  restart(loses?: Loss): string[] {
    this.state.logOperation(ZkOperation.POWER_OFF);
    const lost = this.lose(loses);
    this.state.logOperation(ZkOperation.POWER_ON);
    this.host.dropConnections();
    return lost;
  }

  save(): void {
    this.state.save();
  }

  changeFirmware(firmware: string, loses?: Loss): string[] {
    this.state.options.set('FirmVer', firmware);
    return this.restart(loses);
  }

  replaceBy({ serialNumber, firmware, users = [] }: Replacement<EmulatedUser>): void {
    this.emptied();
    this.state.punches.length = 0;
    this.state.operations.length = 0;
    this.state.options.set('~SerialNumber', serialNumber);
    if (firmware !== undefined) this.state.options.set('FirmVer', firmware);
    this.state.setUsers(users);
    this.host.dropConnections();
  }

  enrolWhenFull(newcomer: EmulatedUser, displaced: 'oldest' | 'newest' = 'oldest'): string {
    const users = this.state.users();
    const lost = displaced === 'oldest' ? users.at(0) : users.at(-1);
    if (!lost) throw new Error('The emulated terminal holds nobody, so its memory cannot be full');
    this.state.userCapacity = users.length;
    this.state.removeUser(lost.slot);
    this.host.enrol(newcomer);
    return lost.userId;
  }

  wipeByCommand(): string[] {
    return this.emptied();
  }

  rewriteByProgram(change: { readonly removes?: readonly string[]; readonly writes?: readonly EmulatedUser[] }): void {
    for (const { slot } of this.found(change.removes ?? [])) this.state.removeUser(slot);
    for (const user of change.writes ?? []) this.state.putUser(user);
  }

  /** In the same slot, so that the templates stay with it. */
  renumber(userId: string, newUserId: string): void {
    const [user] = this.found([userId]);
    this.state.putUser({ ...user, userId: newUserId });
  }

  private get state(): TerminalState {
    return this.host.state;
  }

  private emptied(): string[] {
    const lost = this.state.users().map(({ userId }) => userId);
    this.state.clearUsers();
    return lost;
  }

  private lose(loses: Loss | undefined): string[] {
    if (loses === undefined) return [];
    if (loses === 'users') return this.emptied();
    const lost = this.state.users().filter(({ slot }) => this.state.unsaved.has(slot));
    for (const { slot } of lost) this.state.removeUser(slot);
    return lost.map(({ userId }) => userId);
  }

  private found(userIds: readonly string[]): EmulatedUser[] {
    const holders = new Map(this.state.users().map((user) => [canonicalDeviceUserId(user.userId), user]));
    return userIds.map((userId) => {
      const user = holders.get(canonicalDeviceUserId(userId));
      if (user) return user;
      throw new Error(`The emulated terminal holds no user ${userId}`);
    });
  }
}
