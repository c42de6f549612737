import { type DeviceObservation, OBSERVATION_OUTCOMES } from '../monitoring.entities.js';

export const TIMELINE_OUTCOMES = [...OBSERVATION_OUTCOMES, 'not_observed', 'mixed'] as const;
/** `not_observed`: nobody read it then, which is not the same as that it had no users. `mixed`: more than one of these. */
export type TimelineOutcome = (typeof TIMELINE_OUTCOMES)[number];

/** A piece of a terminal's history. */
export interface TimelinePiece {
  readonly from: Date;
  readonly until: Date;
  readonly outcome: TimelineOutcome;
  /** Of the complete reads in it; undefined: there are none. The two differ only where the history was condensed. */
  readonly counts?: { readonly least: number; readonly most: number };
}

/**
 * The history of a range without holes: what was observed, and between it what was not. A piece lasts until the next
 * observation begins, if that came in time.
 * @param observations in order, as ObservationLog keeps them
 * @param gapMs how far observations may be apart and still be a whole
 */
export function timelineOf(
  observations: readonly DeviceObservation[],
  { from, to, gapMs }: { readonly from: Date; readonly to: Date; readonly gapMs: number },
): TimelinePiece[] {
  const pieces: TimelinePiece[] = [];
  let at = from;
  for (const [i, { outcome, userCount, observedFrom, observedUntil }] of observations.entries()) {
    // The last one holds until the end, if that is near: the next read has not been made yet.
    const next = observations[i + 1]?.observedFrom ?? to;
    const inTime = next.getTime() - observedUntil.getTime() <= gapMs;
    const begin = clamp(observedFrom, at, to);
    const end = clamp(inTime ? next : observedUntil, begin, to);
    // It was over before the range began.
    if (observedUntil < from && end <= from) continue;
    if (begin > at) pieces.push({ from: at, until: begin, outcome: 'not_observed' });
    const counts = userCount === null ? undefined : { least: userCount, most: userCount };
    pieces.push({ from: begin, until: end, outcome, counts });
    at = end;
  }
  if (at < to) pieces.push({ from: at, until: to, outcome: 'not_observed' });
  return pieces;
}

/**
 * At most `points` pieces. Neighbours are joined with their like first, so that a gap stays a gap; where outcomes alternate
 * too fast for that, what lies within a span becomes `mixed`. A joined piece keeps the least and the most, so that a short
 * dip stays visible, and what was not complete never counts as zero.
 */
export function condense(pieces: readonly TimelinePiece[], points: number): TimelinePiece[] {
  const wholeMs = wholeOf(pieces);
  for (const mayMix of [false, true]) {
    for (let spanMs = wholeMs / points; ; spanMs *= 2) {
      const condensed = pieces.length > points ? joinWithin(pieces, spanMs, mayMix) : [...pieces];
      if (condensed.length <= points) return condensed;
      if (spanMs >= wholeMs) break;
    }
  }
  return joinWithin(pieces, Number.POSITIVE_INFINITY, true);
}

function joinWithin(pieces: readonly TimelinePiece[], spanMs: number, mayMix: boolean): TimelinePiece[] {
  const joined: TimelinePiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const alike = last?.outcome === piece.outcome;
    if (!last || !(alike || mayMix) || piece.until.getTime() - last.from.getTime() > spanMs) {
      joined.push(piece);
      continue;
    }
    const outcome = alike ? piece.outcome : 'mixed';
    joined[joined.length - 1] = { from: last.from, until: piece.until, outcome, counts: bothCounts(last, piece) };
  }
  return joined;
}

function bothCounts({ counts: a }: TimelinePiece, { counts: b }: TimelinePiece): TimelinePiece['counts'] {
  return a && b ? { least: Math.min(a.least, b.least), most: Math.max(a.most, b.most) } : (a ?? b);
}

function wholeOf(pieces: readonly TimelinePiece[]): number {
  const [first, last] = [pieces.at(0), pieces.at(-1)];
  return first && last ? last.until.getTime() - first.from.getTime() : 0;
}

function clamp(instant: Date, from: Date, to: Date): Date {
  if (instant < from) return from;
  return instant > to ? to : instant;
}
