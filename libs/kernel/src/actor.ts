/** Who does something: an authenticated administrator, or one of our own services acting on its schedule. */
export interface Actor {
  readonly kind: 'administrator' | 'system';
  /** As it stands in the audit log, for example `admin-token` or `system`. */
  readonly name: string;
}

/** The program itself, acting on a schedule or at start-up. */
export const systemActor: Actor = Object.freeze({ kind: 'system', name: 'system' });

/** An authenticated caller with the administrator role. */
export function administrator(name: string): Actor {
  return Object.freeze({ kind: 'administrator', name });
}
