import { AppError } from '@app/kernel';

/**
 * The totals of requirement 10, of one terminal: counted = read + invalid, read = mapped + unmapped, and unmapped =
 * newlyBuffered + alreadyBuffered.
 */
export interface PopulateTotals {
  /** What the terminal's own counter says. */
  readonly counted: number;
  readonly read: number;
  readonly mapped: number;
  readonly unmapped: number;
  readonly newlyBuffered: number;
  readonly alreadyBuffered: number;
  /** Records that cannot be a user, such as one without an ID. */
  readonly invalid: number;
}

/** Somebody on the terminal was not accounted for, or twice: a defect of ours, told rather than hidden. */
export class TotalsDisagreeError extends AppError {
  readonly code = 'sync/totals-disagree';
  readonly kind = 'internal';

  constructor(totals: PopulateTotals) {
    super(
      `The terminal counts ${totals.counted} users, and ${totals.read} read (${totals.mapped} mapped, ` +
        `${totals.newlyBuffered} newly and ${totals.alreadyBuffered} already buffered) and ${totals.invalid} invalid do not ` +
        'add up to it; what was read is stored. Please report this with the output of `holdfast support-bundle`',
      { details: { ...totals } },
    );
  }
}

/** Holds the totals to the terminal's count: each user once (property 26). @throws {TotalsDisagreeError} */
export function requireAddedUp(totals: PopulateTotals): PopulateTotals {
  const { counted, read, mapped, unmapped, newlyBuffered, alreadyBuffered, invalid } = totals;
  const addUp =
    counted === read + invalid && read === mapped + unmapped && unmapped === newlyBuffered + alreadyBuffered;
  if (!addUp) throw new TotalsDisagreeError(totals);
  return totals;
}
