/** `skipped`: what it needs is not there, which another check has told. */
export type Verdict = 'ok' | 'warning' | 'failed' | 'skipped';

/** What one look at the installation came to. */
export interface Check {
  readonly name: string;
  readonly verdict: Verdict;
  readonly found: string;
  /** What to do; missing where there is nothing to do. */
  readonly remedy?: string;
}

export function ok(name: string, found: string): Check {
  return { name, verdict: 'ok', found };
}

export function warning(name: string, found: string, remedy: string): Check {
  return { name, verdict: 'warning', found, remedy };
}

export function failed(name: string, found: string, remedy: string): Check {
  return { name, verdict: 'failed', found, remedy };
}

export function skipped(name: string, found: string): Check {
  return { name, verdict: 'skipped', found };
}
