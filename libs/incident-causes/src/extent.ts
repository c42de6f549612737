import { type DisappearanceEvidence } from './evidence.js';

/** Losing everybody is only a mass event where there were a few to lose. */
const FEWEST = 3;

/** The hard trip of the safety levels: all, or more than 20 % of at least 10, or at least 500. */
export function isMassLoss(lost: number, known: number): boolean {
  return lost >= FEWEST && (lost >= known || (known >= 10 && lost > known * 0.2) || lost >= 500);
}

/** Whether hardly anybody is left, as after a clearing; those who were entered again may be there. */
export function isEmptied({ lost, knownUsers, remainingUsers }: DisappearanceEvidence): boolean {
  return lost.length > 0 && remainingUsers <= knownUsers * 0.2;
}

/** At most the loss that trips nothing: two, or 5 % of the known users. */
export function isSmallLoss({ lost, knownUsers }: DisappearanceEvidence): boolean {
  return lost.length <= Math.max(2, knownUsers * 0.05);
}
