/** A timer that is this late was kept from firing by our own process. */
const STALL_MS = 50;

/**
 * Calls `giveUp` after so long, unless it is cancelled by what this returns. Our own process standing still is not the
 * terminal's silence: then the terminal gets its time again, once.
 */
export function afterSilence(durationMs: number, giveUp: () => void): () => void {
  const startedAt = performance.now();
  const onTime = (): void => {
    if (performance.now() - startedAt < durationMs + STALL_MS) giveUp();
    else timer = setTimeout(giveUp, durationMs);
  };
  let timer = setTimeout(onTime, durationMs);
  return () => clearTimeout(timer);
}
