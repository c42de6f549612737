/**
 * What a device held of a user when its mapping was made, or when device and database last agreed: the database's
 * version of every attribute that no people table knows, and the version that a merge starts from (requirement 4).
 * An attribute that is missing was not known then, since some terminals tell names and cards one user at a time; it is
 * adopted when it is first told. Stored as JSON in `user_machine_mapping.adopted`.
 */
export interface AdoptedAttributes {
  readonly name?: string | null;
  readonly card_number?: string | null;
  readonly privilege?: number;
  readonly group_id?: number | null;
  readonly timezone_id?: string | null;
  readonly has_pin?: boolean;
}
