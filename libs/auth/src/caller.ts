import type { Actor, Role } from '@app/kernel';

/** Who sent a request, and what lets them. */
export interface Caller {
  readonly actor: Actor & { readonly kind: Role };
  readonly by: 'session' | 'key' | 'admin-token';
  /** The account's or the key's own name. */
  readonly name: string;
  /** When it ends at the latest; null: never. */
  readonly expiresAt: Date | null;
  /** Of callers with a session. */
  readonly session?: { readonly id: string; readonly accountId: string };
}

/** What a caller shows: a bearer token, which may be a session's or a key, or a cookie, which is a session's only. */
export interface Credential {
  readonly kind: 'bearer' | 'cookie';
  readonly secret: string;
}

/** Knows accounts, sessions and keys; the library that keeps them binds it. */
export abstract class Authenticator {
  /** Who the credential belongs to; undefined when it is not valid, for whatever reason. */
  abstract authenticate(credential: Credential): Promise<Caller | undefined>;

  /**
   * As authenticate, to see whether somebody who was let in may stay: an open page alone is no use of a session, which
   * would never be idle otherwise.
   */
  abstract recognize(credential: Credential): Promise<Caller | undefined>;
}

/** A caller was told that it may not. */
export interface Denial {
  readonly caller: Caller;
  /** `auth/forbidden` or `auth/cross-site`. */
  readonly code: string;
  readonly method: string;
  /** The path of the route, `:id` and all. */
  readonly path: string;
  readonly address: string;
}

/** Keeps denials for who looks after the system; the library that can do so binds it. */
export abstract class DenialLog {
  /** Must not write without end for a caller that asks without end. */
  abstract record(denial: Denial): Promise<void>;
}
