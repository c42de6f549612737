import { type EntityManager, QueryFailedError } from 'typeorm';

/** An open transaction: the method that owns the story opens it and hands it down as the first argument. */
export type Tx = EntityManager;

/** The SQLSTATE codes that the program decides on. */
export const SqlState = {
  UNIQUE_VIOLATION: '23505',
  INTEGRITY_CONSTRAINT_VIOLATION: '23000',
  LOCK_NOT_AVAILABLE: '55P03',
  DEADLOCK_DETECTED: '40P01',
  INVALID_PASSWORD: '28P01',
  UNKNOWN_DATABASE: '3D000',
  INSUFFICIENT_PRIVILEGE: '42501',
} as const;

/** The SQLSTATE of a failed query; undefined for any other error. */
export function sqlState(error: unknown): string | undefined {
  const origin: unknown = error instanceof QueryFailedError ? error.driverError : error;
  if (typeof origin !== 'object' || origin === null || !('code' in origin)) return undefined;
  return typeof origin.code === 'string' && /^[0-9A-Z]{5}$/.test(origin.code) ? origin.code : undefined;
}
