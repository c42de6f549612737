/**
 * What a device held of a user when its mapping was made, or when device and database last agreed: the database's
 * version of every attribute that no people table knows, and the version that a merge starts from (requirement 4).
 * Stored as JSON in `user_machine_mapping.adopted`.
 */
export interface AdoptedAttributes {
  readonly name: string | null;
  readonly card_number: string | null;
  readonly privilege: number | null;
  readonly group_id: number | null;
  readonly timezone_id: string | null;
  readonly has_pin: boolean;
}
