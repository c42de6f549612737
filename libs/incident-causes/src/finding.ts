import { type Cause, type Confidence } from './cause.js';
import { type DisappearanceEvidence, type UserTraits } from './evidence.js';

/** What one rule found: a cause, whom it explains, and what speaks for it. */
export interface Finding {
  readonly cause: Exclude<Cause, 'unknown'>;
  readonly confidence: Exclude<Confidence, 'none'>;
  /** 0 to 1: how far it is to be preferred among findings of the same confidence. */
  readonly weight: number;
  readonly users: readonly UserTraits[];
  readonly evidence: readonly string[];
}

/** A pure look at the evidence for one cause; undefined: nothing speaks for it. */
export type Rule = (evidence: DisappearanceEvidence) => Finding | undefined;
