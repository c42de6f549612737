export const ROLES = ['viewer', 'operator', 'administrator'] as const;
/** What a caller may do, each including the one before it: look; map people and settle conflicts; all else. */
export type Role = (typeof ROLES)[number];

/** Who does something: an authenticated caller by role, or one of our own services acting on its schedule. */
export interface Actor {
  readonly kind: Role | 'system';
  /** As it stands in the audit log, for example `account:mina`, `key:hf_3kd9a` or `system`. */
  readonly name: string;
}

/** The program itself, acting on a schedule or at start-up. */
export const systemActor: Actor = Object.freeze({ kind: 'system', name: 'system' });

/** An authenticated caller with the administrator role. */
export function administrator(name: string): Actor {
  return Object.freeze({ kind: 'administrator', name });
}

/** Whether a role includes another. */
export function includesRole(role: Role, wanted: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(wanted);
}
