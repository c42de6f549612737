/** What a terminal that starts anew has forgotten: what was written since it last saved, or all users. */
export type Loss = 'unsaved' | 'users';

/** Another terminal that takes a place. */
export interface Replacement<User> {
  readonly serialNumber: string;
  readonly firmware?: string;
  /** None unless given. */
  readonly users?: readonly User[];
}

/**
 * Everything that makes users disappear from a terminal, each in one step that no read comes between. Users are named by
 * their ID, and an ID that the terminal does not hold is an error of the test. Those that give IDs give whom the terminal lost.
 */
export interface Mishaps<User> {
  /** An operator deletes users at the keypad. @param operator the slot of that administrator; 0: nobody was asked */
  deleteAtKeypad(userIds: readonly string[], operator?: number): void;
  /** An operator clears all data at the keypad. */
  clearAtKeypad(operator?: number): string[];
  /**
   * Users and logs are gone, the clock begins again at 2000-01-01 00:00:00, the serial number stays.
   * @param log what is left of the operation log: the entry of the reset, by the new time, or nothing
   */
  resetToFactory(log?: 'entry' | 'nothing'): string[];
  /** It goes off and on: whoever is connected is not any more. */
  restart(loses?: Loss): string[];
  /** What was written until now survives a restart. */
  save(): void;
  changeFirmware(firmware: string, loses?: Loss): string[];
  /** Another terminal answers at the same address from now on. */
  replaceBy(other: Replacement<User>): void;
  /** Its memory is full with those it holds, and somebody else is enrolled in the place of one of them. */
  enrolWhenFull(newcomer: User, displaced?: 'oldest' | 'newest'): string;
  /** Another program wipes all users by command: no operator, no entry. */
  wipeByCommand(): string[];
  /** Another program removes and writes users by command: no operator, no entry. */
  rewriteByProgram(change: { readonly removes?: readonly string[]; readonly writes?: readonly User[] }): void;
  /** The same person, card and templates under another ID. */
  renumber(userId: string, newUserId: string): void;
}
