import { type WallTime } from '@app/kernel';
import { type Loss, type Mishaps, type Replacement } from '../mishaps.js';
import { FACTORY_TIME } from '../terminal-clock.js';
import { type EmulatedAifaceUser } from './aiface-people.js';
import { type AifaceState } from './aiface-state.js';

/** What mishaps need of their terminal. */
export interface AifaceMishapHost {
  state(): AifaceState;
  enrol(user: EmulatedAifaceUser): void;
  /** Drops the connection; it dials again. */
  drop(): void;
  setClock(time: WallTime): void;
  /** Another serial number, another firmware: told when it dials again. */
  become(identity: { readonly serialNumber?: string; readonly firmware?: string }): void;
}

/** Mishaps of an emulated AiFace terminal, which has no operation log: nothing tells who did it. */
export class AifaceMishaps implements Mishaps<EmulatedAifaceUser> {
  constructor(private readonly host: AifaceMishapHost) {}

  deleteAtKeypad(userIds: readonly string[]): void {
    for (const { enrollId } of this.found(userIds)) this.state.removeUser(enrollId);
  }

  clearAtKeypad(): string[] {
    this.state.log.length = 0;
    return this.emptied();
  }

  /** The server sets its clock as soon as it has dialled in again, so the factory's time shows in that registration only. */
  resetToFactory(): string[] {
    const lost = this.clearAtKeypad();
    this.host.setClock(FACTORY_TIME);
    this.host.drop();
    return lost;
  }

  restart(loses?: Loss): string[] {
    const lost = this.lose(loses);
    this.host.drop();
    return lost;
  }

  save(): void {
    this.state.save();
  }

  changeFirmware(firmware: string, loses?: Loss): string[] {
    this.host.become({ firmware });
    return this.restart(loses);
  }

  replaceBy({ serialNumber, firmware, users = [] }: Replacement<EmulatedAifaceUser>): void {
    this.clearAtKeypad();
    this.host.become({ serialNumber, firmware });
    this.state.setUsers(users);
    this.host.drop();
  }

  enrolWhenFull(newcomer: EmulatedAifaceUser, displaced: 'oldest' | 'newest' = 'oldest'): string {
    const users = this.state.users();
    const lost = displaced === 'oldest' ? users.at(0) : users.at(-1);
    if (!lost) throw new Error('The emulated terminal holds nobody, so its memory cannot be full');
    this.state.userCapacity = users.length;
    this.state.removeUser(lost.enrollId);
    this.host.enrol(newcomer);
    return lost.enrollId;
  }

  wipeByCommand(): string[] {
    return this.emptied();
  }

  rewriteByProgram(change: {
    readonly removes?: readonly string[];
    readonly writes?: readonly EmulatedAifaceUser[];
  }): void {
    for (const { enrollId } of this.found(change.removes ?? [])) this.state.removeUser(enrollId);
    for (const user of change.writes ?? []) this.state.putUser(user);
  }

  renumber(userId: string, newUserId: string): void {
    const [user] = this.found([userId]);
    this.state.removeUser(user.enrollId);
    this.state.putUser({ ...user, enrollId: newUserId });
  }

  private get state(): AifaceState {
    return this.host.state();
  }

  private emptied(): string[] {
    const lost = this.state.users().map(({ enrollId }) => enrollId);
    this.state.setUsers([]);
    this.state.unknownToServer.length = 0;
    return lost;
  }

  private lose(loses: Loss | undefined): string[] {
    if (loses === undefined) return [];
    if (loses === 'users') return this.emptied();
    const lost = this.state.users().filter((user) => this.state.isUnsaved(user));
    for (const { enrollId } of lost) this.state.removeUser(enrollId);
    return lost.map(({ enrollId }) => enrollId);
  }

  private found(userIds: readonly string[]): EmulatedAifaceUser[] {
    return userIds.map((userId) => {
      const user = this.state.find(userId);
      if (user) return user;
      throw new Error(`The emulated terminal holds no user ${userId}`);
    });
  }
}
