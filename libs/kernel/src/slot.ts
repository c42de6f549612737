/** A terminal's internal number of a user record, 1 to 65535. Reused after a deletion: it identifies nobody. */
export type Slot = number & { readonly __brand: 'Slot' };

/** Marks a number read from a slot field. */
export function slot(value: number): Slot {
  return value as Slot;
}
